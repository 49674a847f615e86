import EdgeFormat

extension Operator {
  /// Pairs of elements turned by the angle of their row's position: `(cos a - sin b, sin a + cos b)`.
  ///
  /// x `[batch, heads, rows, size]` or `[batch, rows, heads * size]`; the caches hold an angle a
  /// pair, for every row or to be looked up by position. A pair is two neighbours (`interleaved`) or
  /// the same place in both halves of the rotated elements.
  /// <https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html>
  static let rotaryEmbedding = composite(
    "RotaryEmbedding", opsets: 23...latestOpset
  ) { node, body in
    let given = try body.required(0)
    let isFlat = try body.shape(given).count == 3
    let x = isFlat ? try body.splitHeads(given, node.int("num_heads", 0)) : given
    try body.expectRank(4, of: x)
    guard let size = try body.shape(x)[3].constant else {
      throw node.refusal("heads of a run-time size", remedy: "fix the size of the heads")
    }
    let stated = node.int("rotary_embedding_dim", 0)
    let turned = stated == 0 ? size : stated
    guard turned > 0, turned <= size, turned % 2 == 0 else {
      throw node.invalid("\(turned) of \(size) turn")
    }
    let isInterleaved = node.int("interleaved", 0) != 0
    let angles = try (1...2).map { index -> ValueID in
      var cache = try body.required(index)
      if let positions = body.input(3) { cache = try body.apply("Gather", [cache, positions]) }
      // [batch, rows, pairs], given an axis for the heads and one for the members of a pair.
      let heads = isFlat ? 2 : 1
      return try body.apply(
        "Unsqueeze", [cache, body.constant(ints: isInterleaved ? [heads, 4] : [heads])])
    }
    var part = try body.cut(x, 3, 0..<turned)
    let before = part
    if isInterleaved {
      let outer = (0..<3).map { Extent.axis($0, of: before) }
      part = try body.reshape(part, outer + [.fixed(turned / 2), .fixed(2)])
    }
    let axis = isInterleaved ? 4 : 3
    let step = isInterleaved ? 1 : turned / 2
    let (a, b) = (try body.cut(part, axis, 0..<step), try body.cut(part, axis, step..<(2 * step)))
    let (cosine, sine) = (angles[0], angles[1])
    let real = try body.apply(
      "Sub", [body.apply("Mul", [cosine, a]), body.apply("Mul", [sine, b])])
    let imaginary = try body.apply(
      "Add", [body.apply("Mul", [sine, a]), body.apply("Mul", [cosine, b])])
    var y = try body.apply("Concat", [real, imaginary], ["axis": .int(Int64(axis))])
    y = try body.reshape(y, like: before)
    if turned < size {
      y = try body.apply("Concat", [y, body.cut(x, 3, turned..<size)], ["axis": .int(3)])
    }
    return [isFlat ? try body.reshape(y, like: given) : y]
  }
}

extension Expansion {
  /// `[batch, rows, heads * size]` as `[batch, rows, heads, size]`.
  mutating func splitHeads(_ x: ValueID, _ heads: Int) throws -> ValueID {
    let shape = try shape(x)
    guard shape.count == 3, let width = shape[2].constant, heads > 0, width % heads == 0 else {
      throw node.refusal(
        "an operand \(shape) that \(heads) heads do not divide",
        remedy: "[batch, rows, heads * size] with a known last size, and the number of heads")
    }
    return try reshape(
      x, [.axis(0, of: x), .axis(1, of: x), .fixed(heads), .fixed(width / heads)])
  }

  /// A range of an axis.
  mutating func cut(_ x: ValueID, _ axis: Int, _ range: Range<Int>) throws -> ValueID {
    if try shape(x)[axis] == Dimension(range.count) { return x }
    return try apply(
      "Slice",
      [
        x, constant(ints: [range.lowerBound]), constant(ints: [range.upperBound]),
        constant(ints: [axis]),
      ])
  }
}
