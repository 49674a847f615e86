import EdgeFormat

extension Operator {
  /// a * sigmoid(alpha * a) * b. <https://onnx.ai/onnx/operators/onnx__SwiGLU.html>
  static let swiGLU = composite("SwiGLU", opsets: 28...latestOpset) { node, body in
    let (gate, x) = (try body.required(0), try body.required(1))
    let alpha = node.float("alpha", 1)
    let bent =
      alpha == 1 ? gate : try body.apply("Mul", [gate, body.constant(alpha, body.type(gate))])
    let opened = try body.apply("Mul", [gate, body.apply("Sigmoid", [bent])])
    return [try body.apply("Mul", [opened, x])]
  }
}
