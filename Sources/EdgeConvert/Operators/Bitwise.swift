/// Operators on the bits of integers.
extension Operator {
  static let bitwise: [Operator] = [
    // -1 - x flips every bit. <https://onnx.ai/onnx/operators/onnx__BitwiseNot.html>
    .composite("BitwiseNot", opsets: 18...latestOpset) { node, body in
      let x = try body.required(0)
      let ones = body.constant(-1, try body.type(x))
      return [try body.apply("Sub", [ones, x])]
    }
  ]
}
