import EdgeFormat

extension Operator {
  /// softmax(q k' * scale + mask) v for every head, in its 3-D and 4-D forms.
  ///
  /// Query heads that share a key head become rows of one product, so that keys and values are not
  /// repeated. What a mask forbids is selected away, not added, and a row that may see nothing is 0.
  /// <https://onnx.ai/onnx/operators/onnx__Attention.html>
  static let attention = composite(
    "Attention", opsets: 23...latestOpset, check: AttentionForm.check
  ) { node, body in
    let form = try AttentionForm(node, &body)
    let group = form.queryHeads / form.keyHeads
    let q = try body.apply(
      "Mul", [form.query, body.constant(form.scale, body.type(form.query))])
    let batch = Extent.axis(0, of: q), rows = Extent.axis(2, of: q)
    let keys = Extent.axis(2, of: form.key), heads = Extent.fixed(form.queryHeads)
    let keyHeads = Extent.fixed(form.keyHeads)
    let groupedRows = Extent.axis(2, of: q, times: group)
    let grouped = try body.reshape(q, [batch, keyHeads, groupedRows, .axis(3, of: q)])
    let raw = try body.apply("MatMul", [grouped, body.transpose(form.key, [0, 1, 3, 2])])
    var scores = try body.reshape(raw, [batch, heads, rows, keys])
    var shown = scores
    if form.softcap > 0 {
      let cap = body.constant(form.softcap, try body.type(scores))
      let bent = try body.apply("Tanh", [body.apply("Div", [scores, cap])])
      scores = try body.apply("Mul", [bent, cap])
      if form.shows(.capped) { shown = scores }
    }
    let mask = try AttentionMask(form, &body)
    scores = try mask.applied(to: scores, &body)
    if form.shows(.masked) { shown = scores }
    var weights = try body.apply("Softmax", [scores], ["axis": .int(-1)])
    if form.shows(.weights) {
      weights = try mask.withoutBlindRows(weights, &body)
      shown = weights
    }
    let sums = try body.apply(
      "MatMul", [body.reshape(weights, [batch, keyHeads, groupedRows, keys]), form.value])
    var y = try body.reshape(sums, [batch, heads, rows, .axis(3, of: form.value)])
    y = try mask.withoutBlindRows(y, &body)
    if form.isFlat {
      let width = Extent.axis(3, of: form.value, times: form.queryHeads)
      y = try body.reshape(body.transpose(y, [0, 2, 1, 3]), [batch, rows, width])
    }
    return [y, form.key, form.value, shown]
  }
}

/// The operands and attributes of an Attention node, the operands as `[batch, heads, rows, size]`.
struct AttentionForm {
  /// What the fourth output shows of the scores.
  enum Stage: Int {
    case products = 0
    case capped = 1
    case masked = 2
    case weights = 3
  }

  var query: ValueID
  /// With those of the past before it.
  var key: ValueID
  var value: ValueID
  var queryHeads: Int
  var keyHeads: Int
  var scale: Float
  var softcap: Float
  /// Whether the operands were given as `[batch, rows, heads * size]`.
  var isFlat: Bool
  let node: Node

  static let check: @Sendable (Node, Graph) -> [Obstacle] = { node, _ in
    let stage = node.int("qk_matmul_output_mode", 0)
    return Stage(rawValue: stage) != nil
      ? []
      : [node.obstacle("qk_matmul_output_mode \(stage)", remedy: "a mode from 0 to 3")]
  }

  init(_ node: Node, _ body: inout Expansion) throws {
    self.node = node
    isFlat = try body.shape(body.required(0)).count == 3
    query = try Self.heads(body.required(0), node.int("q_num_heads"), node, &body)
    key = try Self.heads(body.required(1), node.int("kv_num_heads"), node, &body)
    value = try Self.heads(body.required(2), node.int("kv_num_heads"), node, &body)
    if let past = body.input(4) {
      key = try body.apply("Concat", [past, key], ["axis": .int(2)])
    }
    if let past = body.input(5) {
      value = try body.apply("Concat", [past, value], ["axis": .int(2)])
    }
    guard let queryHeads = try body.shape(query)[1].constant,
      let keyHeads = try body.shape(key)[1].constant, keyHeads > 0, queryHeads % keyHeads == 0,
      let size = try body.shape(query)[3].constant
    else {
      throw node.refusal(
        "numbers of heads that do not divide, or are not known at conversion",
        remedy: "fix the number and size of the heads")
    }
    self.queryHeads = queryHeads
    self.keyHeads = keyHeads
    scale = node.float("scale") ?? 1 / Float(size).squareRoot()
    softcap = node.float("softcap", 0)
  }

  func shows(_ stage: Stage) -> Bool {
    node.output(3) != nil && node.int("qk_matmul_output_mode", 0) == stage.rawValue
  }

  private static func heads(
    _ x: ValueID, _ count: Int?, _ node: Node, _ body: inout Expansion
  ) throws -> ValueID {
    let shape = try body.shape(x)
    if shape.count == 4 { return x }
    guard shape.count == 3, let count, let width = shape[2].constant, count > 0, width % count == 0
    else {
      throw node.refusal(
        "an operand of \(shape.count) axes whose heads are not stated",
        remedy: "4 axes, or 3 with q_num_heads and kv_num_heads")
    }
    let split = try body.reshape(
      x, [.axis(0, of: x), .axis(1, of: x), .fixed(count), .fixed(width / count)])
    return try body.transpose(split, [0, 2, 1, 3])
  }
}
