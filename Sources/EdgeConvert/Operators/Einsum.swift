import EdgeFormat

extension Operator {
  /// Sums of products over named axes: every operand is brought to distinct axes (a repeated one is
  /// its diagonal), then one after the other multiplied in, as a matrix product over the axes that
  /// nothing behind needs. <https://onnx.ai/onnx/operators/onnx__Einsum.html>
  static let einsum = composite("Einsum", opsets: 12...latestOpset) { node, body in
    let operands = try node.inputs.indices.map { try body.required($0) }
    let equation = try Equation(
      node.string("equation") ?? "", ranks: operands.map { try body.shape($0).count }, node)
    var terms = try zip(operands, equation.terms).map { operand, axes in
      try EinsumTerm(operand, axes).withoutRepetition(&body)
    }
    while terms.count > 1 {
      let kept = Set(equation.result + terms.dropFirst(2).flatMap(\.axes))
      let product = try terms[0].times(terms[1], keeping: kept, &body)
      terms.replaceSubrange(0..<2, with: [product])
    }
    let sum = try terms[0].summed(keeping: Set(equation.result), &body)
    return [try sum.ordered(equation.result, &body).value]
  }
}

/// An equation of Einsum, its axes named by characters; those of an ellipsis are digits.
private struct Equation {
  var terms: [[Character]] = []
  var result: [Character]

  init(_ text: String, ranks: [Int], _ node: Node) throws {
    let sides = text.filter { $0 != " " }.replacing("...", with: ".").split(
      separator: "->", omittingEmptySubsequences: false)
    let inputs = (sides.first ?? "").split(separator: ",", omittingEmptySubsequences: false)
    guard (1...2).contains(sides.count), inputs.count == ranks.count else {
      throw node.invalid("equation \"\(text)\" for \(ranks.count) operands")
    }
    var longest: [Character] = []
    for (input, rank) in zip(inputs, ranks) {
      let hidden = rank - input.count { $0 != "." }
      guard hidden >= 0, hidden == 0 || input.contains("."), hidden < 10 else {
        throw node.invalid("\"\(input)\" names the axes of an operand of rank \(rank)")
      }
      let digits = (0..<hidden).reversed().map { Character(String($0)) }
      if hidden > longest.count { longest = digits }
      terms.append(input.flatMap { $0 == "." ? digits : [$0] })
    }
    let all = terms.joined()
    if sides.count == 2 {
      result = sides[1].flatMap { $0 == "." ? longest : [$0] }
    } else {
      let single = Set(all.filter { name in !name.isNumber && all.count { $0 == name } == 1 })
      result = longest + single.sorted()
    }
    guard Set(result).count == result.count, Set(result).isSubset(of: all) else {
      throw node.invalid("the result of equation \"\(text)\" repeats an axis or invents one")
    }
  }
}

/// An operand of Einsum and the names of its axes.
private struct EinsumTerm {
  var value: ValueID
  var axes: [Character]

  init(_ value: ValueID, _ axes: [Character]) {
    self.value = value
    self.axes = axes
  }

  private func place(_ name: Character) -> Int { axes.firstIndex(of: name) ?? 0 }

  /// The diagonal over axes of the same name: the others are masked and summed away.
  func withoutRepetition(_ body: inout Expansion) throws -> EinsumTerm {
    guard let name = axes.first(where: { name in axes.count { $0 == name } > 1 }),
      let last = axes.lastIndex(of: name)
    else { return self }
    let first = place(name)
    let size = try body.sizes(value)[first]
    var shape = [Int](repeating: 1, count: axes.count)
    (shape[first], shape[last]) = (size, size)
    let type = try body.type(value)
    let ones = (0..<(size * size)).map { $0 % (size + 1) == 0 ? 1 : 0 }
    let mask =
      type.isFloat
      ? Tensor(ones.map { Float($0) }, shape: shape, type: type)
      : Tensor(ones.map { Int64($0) }, shape: shape, type: type)
    let masked = try body.apply("Mul", [value, body.constant(mask)])
    let diagonal = try body.apply(
      "ReduceSum", [masked, body.constant(ints: [last])], ["keepdims": .int(0)])
    var rest = axes
    rest.remove(at: last)
    return try EinsumTerm(diagonal, rest).withoutRepetition(&body)
  }

  /// Without the axes that are not kept.
  func summed(keeping kept: Set<Character>, _ body: inout Expansion) throws -> EinsumTerm {
    let gone = axes.indices.filter { !kept.contains(axes[$0]) }
    guard !gone.isEmpty else { return self }
    let sum = try body.apply(
      "ReduceSum", [value, body.constant(ints: gone)], ["keepdims": .int(0)])
    return EinsumTerm(sum, axes.filter(kept.contains))
  }

  func ordered(_ names: [Character], _ body: inout Expansion) throws -> EinsumTerm {
    EinsumTerm(try body.transpose(value, names.map(place)), names)
  }

  /// The product of two terms, summed over the axes that are not kept.
  func times(
    _ other: EinsumTerm, keeping kept: Set<Character>, _ body: inout Expansion
  ) throws -> EinsumTerm {
    let left = try summed(keeping: kept.union(other.axes), &body)
    let right = try other.summed(keeping: kept.union(axes), &body)
    let shared = left.axes.filter(right.axes.contains)
    let inner = shared.filter { !kept.contains($0) }
    let batch = shared.filter(kept.contains)
    let rows = left.axes.filter { !shared.contains($0) }
    let columns = right.axes.filter { !shared.contains($0) }
    let a = try left.ordered(batch + rows + inner, &body)
    let b = try right.ordered(batch + inner + columns, &body)
    if inner.isEmpty {
      let before = body.constant(ints: columns.indices.map { a.axes.count + $0 })
      let between = body.constant(ints: rows.indices.map { batch.count + $0 })
      let y = try body.apply(
        "Mul",
        [body.apply("Unsqueeze", [a.value, before]), body.apply("Unsqueeze", [b.value, between])])
      return EinsumTerm(y, batch + rows + columns)
    }
    let matrices = (
      try a.grouped([batch.count, rows.count, inner.count], &body),
      try b.grouped([batch.count, inner.count, columns.count], &body)
    )
    let product = try body.apply("MatMul", [matrices.0, matrices.1])
    let extents =
      try batch.map { try a.wider(of: $0, b, &body) } + rows.map { a.extent($0) }
      + columns.map { b.extent($0) }
    return EinsumTerm(try body.reshape(product, extents), batch + rows + columns)
  }

  private func extent(_ name: Character) -> Extent { .axis(place(name), of: value) }

  /// The axis of two terms that is not 1.
  private func wider(of name: Character, _ other: EinsumTerm, _ body: inout Expansion) throws
    -> Extent
  {
    try body.dimension(extent(name)) == Dimension(1) ? other.extent(name) : extent(name)
  }

  /// With the first axes as they are, and each of the groups that follow as one axis.
  private func grouped(_ counts: [Int], _ body: inout Expansion) throws -> ValueID {
    var extents = (0..<counts[0]).map { Extent.axis($0, of: value) }
    var first = counts[0]
    for count in counts.dropFirst() {
      extents.append((first..<(first + count)).reduce(.fixed(1)) { $0 * .axis($1, of: value) })
      first += count
    }
    return try body.reshape(value, extents)
  }
}
