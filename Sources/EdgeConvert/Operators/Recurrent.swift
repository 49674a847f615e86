import EdgeFormat

/// LSTM, GRU and RNN: x `[T, N, I]`, w `[D, G*H, I]`, r `[D, G*H, H]`, b? `[D, 2*G*H]`, lengths?
/// `[N]`, h0? `[D, N, H]`, c0? `[D, N, H]`, peepholes? `[D, 3*H]` → y `[T, D, N, H]`, h `[D, N,
/// H]`, c `[D, N, H]`; batch first when `layout` is 1.
/// <https://onnx.ai/onnx/operators/onnx__LSTM.html>
///
/// They become a `MatMul` of all steps at once, which is quantized like any other, and a recurrence
/// ("edge.LSTM", ...) over its result `[T, N, D*G*H]`, with inputs x, r, rb? `[D, G*H]`, lengths?,
/// h0?, c0?, peepholes?.
extension Operator {
  static let recurrent: [Operator] = ["LSTM", "GRU", "RNN"].flatMap { name in
    [
      composite(
        name, opsets: 7...latestOpset,
        check: { node, graph in RecurrentForm.obstacles(node, graph) },
        { node, body in try split(node, &body) }),
      Operator(
        "edge.\(name)", opsets: latestOpset...latestOpset,
        infer: { node, graph in try recurrenceTypes(node, graph) },
        evaluate: { node, inputs in try Recurrence(node, inputs).run() },
        quantize: .recurrent,
        lower: Lowering.recurrence),
    ]
  }

  /// The product of the input and the recurrence over it.
  private static func split(_ node: Node, _ body: inout Expansion) throws -> [ValueID?] {
    let x = try body.required(0)
    guard let w = body.tensor(node.input(1)), let r = body.tensor(node.input(2)),
      w.shape.count == 3, r.shape.count == 3, w.shape[0] == r.shape[0], w.shape[1] == r.shape[1]
    else { throw node.invalid("its weights are not [D, G*H, I] and [D, G*H, H]") }
    let form = try RecurrentForm(node, recurrence: r)
    let rows = form.directions * form.gates * form.hidden
    let width = w.shape[2]
    let matrix = w.reshaped([rows, width]).transposed([1, 0])
    let biases = body.tensor(node.input(3)).map(form.biases)
    let product = try body.apply(
      "MatMul", [x, body.constant(matrix)] + (biases.map { [body.constant($0.input)] } ?? []))
    var attributes = node.attributes
    attributes["hidden_size"] = .int(Int64(form.hidden))
    let states = (4...7).map { node.input($0) }
    return try body.applyAll(
      "edge.\(node.op)",
      [product, body.constant(r), biases?.recurrence.map { body.constant($0) }] + states,
      attributes, outputs: node.op == "LSTM" ? 3 : 2)
  }

  private static func recurrenceTypes(_ node: Node, _ graph: Graph) throws -> [ValueType] {
    let x = try graph.shape(node, 0)
    guard x.count == 3, let r = graph.constant(node, 1) else {
      throw node.invalid("the input of a recurrence has three axes")
    }
    let form = try RecurrentForm(node, recurrence: r)
    let (d, h) = (Dimension(form.directions), Dimension(form.hidden))
    let (t, n) = form.isBatchFirst ? (x[1], x[0]) : (x[0], x[1])
    let type = try graph.type(node, 0)
    let state = ValueType(type: type, shape: form.isBatchFirst ? [n, d, h] : [d, n, h])
    let y = ValueType(type: type, shape: form.isBatchFirst ? [n, t, d, h] : [t, d, n, h])
    return [y] + Array(repeating: state, count: node.op == "edge.LSTM" ? 2 : 1)
  }
}
