import EdgeFormat

/// Convolutions and matrix products of 8-bit integers, exact whatever their size: the float32 sums
/// of a Conv or MatMul are exact below 2^24, and beyond that the second operand is cut into digits.
/// <https://onnx.ai/onnx/operators/onnx__ConvInteger.html>
extension Operator {
  static let integerProducts: [Operator] = [
    .composite("ConvInteger", opsets: 10...latestOpset) { node, body in
      let w = try body.required(1)
      let zero = try body.input(3).map { try body.perChannel($0, of: w) }
      return [
        try body.integerProduct(
          "Conv", body.centred(body.required(0), body.input(2)), body.centred(w, zero),
          node.attributes)
      ]
    },
    .composite("MatMulInteger", opsets: 10...latestOpset) { _, body in
      let a = try body.required(0)
      let zero = try body.input(2).map { try body.perRow($0, of: a) }
      return [
        try body.integerProduct(
          "MatMul", body.centred(a, zero), body.centred(body.required(1), body.input(3)), [:])
      ]
    },
    // <https://onnx.ai/onnx/operators/onnx__QLinearConv.html>
    .composite("QLinearConv", opsets: 10...latestOpset) { node, body in
      let w = try body.required(3)
      var sum = try body.apply(
        "ConvInteger", [body.required(0), w, body.input(2), body.input(5)], node.attributes)
      if let bias = body.input(8) {
        sum = try body.apply("Add", [sum, body.perChannel(bias, of: w, axis: 1)])
      }
      let scale = try body.perChannel(body.required(4), of: w, axis: 1)
      return [try body.requantized(sum, body.required(1), scale, body.required(6), 7)]
    },
    // <https://onnx.ai/onnx/operators/onnx__QLinearMatMul.html>
    .composite("QLinearMatMul", opsets: 10...latestOpset) { _, body in
      let a = try body.required(0)
      let sum = try body.apply(
        "MatMulInteger", [a, body.required(3), body.input(2), body.input(5)])
      let scale = try body.perRow(body.required(1), of: a)
      return [try body.requantized(sum, scale, body.required(4), body.required(6), 7)]
    },
  ]
}

extension Expansion {
  /// A linear operator of float operands that hold integers, as int32; sums are exact.
  ///
  /// With digits d of a base b, w = d0 + b * d1 + b^2 * d2..., each product is small enough for
  /// float32 sums.
  fileprivate mutating func integerProduct(
    _ op: String, _ x: ValueID, _ w: ValueID, _ attributes: [String: Attribute]
  ) throws -> ValueID {
    guard let base = try exactBase(op, w) else {
      return try cast(apply(op, [x, w], attributes), .int32)
    }
    var sum: ValueID?
    var rest = w
    var weight = 1
    while weight < 256 {
      var digit = rest
      if weight * base < 256 {
        let divisor = constant(Float(base))
        rest = try apply("Round", [apply("Div", [rest, divisor])])
        digit = try apply("Sub", [digit, apply("Mul", [rest, divisor])])
      }
      let part = try cast(apply(op, [x, digit], attributes), .int32)
      let scaled = try apply("Mul", [part, constant(Float(weight), .int32)])
      sum = try sum.map { try apply("Add", [$0, scaled]) } ?? scaled
      weight *= base
    }
    return sum ?? x
  }

  /// The base of digits with which float32 sums are exact; nil when w itself may be used.
  private func exactBase(_ op: String, _ w: ValueID) throws -> Int? {
    let shape = try sizes(w)
    let terms =
      op == "Conv" ? shape.dropFirst().reduce(1, *) : shape[Swift.max(shape.count - 2, 0)]
    let largest = tensor(w)?.floats.reduce(0) { Swift.max($0, abs($1)) } ?? 255
    let limit = Float(1 << 24) / 255 / Float(Swift.max(terms, 1))
    if largest <= limit { return nil }
    let digits: [(base: Int, largest: Float)] = [(16, 16), (8, 4), (2, 2)]
    guard let base = digits.first(where: { $0.largest <= limit })?.base else {
      throw node.invalid("sums of \(terms) products may overflow")
    }
    return base
  }

  /// `clamp(rne(sum * (s_x * s_w / s_y)) + z_y)` with the zero point of input `zeroIndex`.
  fileprivate mutating func requantized(
    _ sum: ValueID, _ xScale: ValueID, _ wScale: ValueID, _ yScale: ValueID, _ zeroIndex: Int
  ) throws -> ValueID {
    let zero = try required(zeroIndex)
    let product = try apply("Mul", [float(xScale), float(wScale)])
    let multiplier = try apply("Div", [product, float(yScale)])
    let real = try apply("Mul", [float(sum), multiplier])
    return try codes(apply("Round", [real]), zero: zero, type(zero))
  }

  /// A number a channel, `[M]`, for the axis of w `[M, ...]`, or for another axis of a value of as
  /// many axes; one for all stays one.
  fileprivate mutating func perChannel(
    _ parameter: ValueID, of w: ValueID, axis: Int = 0
  ) throws -> ValueID {
    let count = try sizes(parameter).reduce(1, *)
    var aligned = [Int](repeating: 1, count: try shape(w).count)
    guard aligned.indices.contains(axis) else { throw node.invalid("w has no axis \(axis)") }
    aligned[axis] = count
    return try reshaped(parameter, aligned)
  }

  /// A number a row, `[M]`, for a `[..., M, K]`; one for all stays one.
  fileprivate mutating func perRow(_ parameter: ValueID, of a: ValueID) throws -> ValueID {
    let own = try sizes(parameter)
    let count = own.reduce(1, *)
    if count == 1 { return try reshaped(parameter, []) }
    return own.count == 1 ? try reshaped(parameter, [count, 1]) : parameter
  }
}
