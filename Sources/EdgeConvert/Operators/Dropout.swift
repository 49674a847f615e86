import EdgeFormat

extension Operator {
  /// In inference, and where nothing is dropped, the identity with a mask that is all true.
  /// <https://onnx.ai/onnx/operators/onnx__Dropout.html>
  static let dropout = Operator.composite("Dropout", opsets: 1...latestOpset) { node, body in
    let x = try body.required(0)
    if let training = body.input(2) {
      let isOff = body.tensor(training)?.integers.allSatisfy { $0 == 0 } ?? false
      let keepsAll = body.input(1).map { body.tensor($0)?.scalar == 0 } ?? false
      guard isOff || keepsAll else {
        throw ConversionError.obstacles([
          node.obstacle(
            "drops elements at random (training_mode)",
            remedy: "export the model in inference mode")
        ])
      }
    }
    guard node.output(1) != nil else { return [x] }
    // Up to opset 9 the mask has the type of x.
    let type = node.opset < 10 ? try body.type(x) : .bool
    let one = body.constant(1, type)
    return [x, try body.apply("Expand", [one, body.apply("Shape", [x])])]
  }
}
