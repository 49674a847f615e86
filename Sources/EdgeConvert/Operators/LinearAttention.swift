import EdgeFormat

extension Operator {
  /// Attention by a state that every row first changes and then reads; rows are unrolled.
  ///
  /// The state is `S [batch, heads, keySize, valueSize]`: `S = exp(g) S + k (v - S k)' beta`, `y = q S
  /// * scale`, without `g` or the correction by `beta` as `update_rule` says.
  /// <https://onnx.ai/onnx/operators/onnx__LinearAttention.html>
  static let linearAttention = composite(
    "LinearAttention", opsets: 27...latestOpset
  ) { node, body in
    var form = try LinearAttentionForm(node, &body)
    var rows: [ValueID] = []
    for row in 0..<form.rowCount { rows.append(try form.step(row, &body)) }
    let y = try body.apply("Concat", rows, ["axis": .int(1)])
    let state = try body.cast(form.state, body.type(body.input(3) ?? body.required(0)))
    return [y, state]
  }
}

/// The operands of a LinearAttention node with a row axis at place 1, and its state so far.
private struct LinearAttentionForm {
  /// More rows would make a file of too many nodes.
  private static let mostRows = 128

  let rowCount: Int
  /// `[batch, rows, heads, queries of a head, keySize]`, scaled.
  private let query: ValueID
  /// `[batch, rows, heads, keySize, 1]`.
  private let key: ValueID
  /// `[batch, rows, heads, 1, valueSize]`.
  private let value: ValueID
  /// exp(g), `[batch, rows, heads, keySize or 1, 1]`.
  private let decay: ValueID?
  /// `[batch, rows, heads or 1, 1, 1]`.
  private let rate: ValueID?
  /// `[batch, heads, keySize, valueSize]`.
  private(set) var state: ValueID

  init(_ node: Node, _ body: inout Expansion) throws {
    let heads = node.int("kv_num_heads", 0), queryHeads = node.int("q_num_heads", 0)
    guard heads > 0, queryHeads % heads == 0 else {
      throw node.invalid("\(queryHeads) query heads do not share \(heads) key heads")
    }
    let q = try body.required(0)
    let queries = try body.splitHeads(q, queryHeads)
    guard let count = try body.shape(q)[1].constant, (1...Self.mostRows).contains(count) else {
      throw node.refusal(
        "\(try body.shape(q)[1]) rows, which are unrolled",
        remedy: "1 to \(Self.mostRows) rows a run; the state goes on from run to run")
    }
    rowCount = count
    guard let keySize = try body.shape(queries)[3].constant else {
      throw node.refusal("heads of a run-time size", remedy: "fix the size of the heads")
    }
    let standard = 1 / Float(keySize).squareRoot()
    let stated = node.float("scale", 0)
    let scale = body.constant(stated == 0 ? standard : stated, try body.type(q))
    query = try body.reshape(
      body.apply("Mul", [queries, scale]),
      [.axis(0, of: q), .fixed(count), .fixed(heads), .fixed(queryHeads / heads), .fixed(keySize)])
    let (k, v) = (try body.required(1), try body.required(2))
    key = try body.apply("Unsqueeze", [body.splitHeads(k, heads), body.constant(ints: [4])])
    value = try body.apply("Unsqueeze", [body.splitHeads(v, heads), body.constant(ints: [3])])
    let rule = node.string("update_rule") ?? "gated_delta"
    decay =
      try rule.hasPrefix("gated")
      ? body.apply(
        "Unsqueeze",
        [body.splitHeads(body.apply("Exp", [body.required(4)]), heads), body.constant(ints: [4])])
      : nil
    rate =
      try rule.hasSuffix("delta")
      ? body.apply("Unsqueeze", [body.required(5), body.constant(ints: [3, 4])]) : nil
    if let past = body.input(3) {
      state = past
      return
    }
    let shape = try body.sizeList([
      .axis(0, of: q), .fixed(heads), .fixed(keySize), .axis(4, of: value),
    ])
    state = try body.apply("Expand", [body.constant(0, body.type(q)), shape])
  }

  /// Takes a row in and reads the state: `[batch, 1, heads * valueSize]`.
  mutating func step(_ row: Int, _ body: inout Expansion) throws -> ValueID {
    func at(_ x: ValueID) throws -> ValueID {
      try body.apply("Squeeze", [body.cut(x, 1, row..<(row + 1)), body.constant(ints: [1])])
    }
    let (k, q) = (try at(key), try at(query))
    var v = try at(value)
    if let decay { state = try body.apply("Mul", [state, at(decay)]) }
    if let rate {
      let known = try body.apply("MatMul", [body.transpose(k, [0, 1, 3, 2]), state])
      v = try body.apply("Mul", [at(rate), body.apply("Sub", [v, known])])
    }
    state = try body.apply("Add", [state, body.apply("Mul", [k, v])])
    let y = try body.apply("MatMul", [q, state])
    let shape = try body.shape(y)
    let width = shape.dropFirst().reduce(Dimension(1), *).constant ?? -1
    return try body.reshape(y, [.axis(0, of: y), .fixed(1), .fixed(width)])
  }
}
