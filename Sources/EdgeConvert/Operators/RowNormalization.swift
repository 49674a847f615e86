import EdgeFormat

/// x `[..., n]`, scale? `[n]`, shift? `[n]`: (x - mean) / sqrt(variance + epsilon) * scale + shift over
/// the last axis, or without a mean x / sqrt(mean(x²) + epsilon).
///
/// "edge.Normalization" is what `recognizeNormalizations` makes of the operators that spell it out;
/// attributes `epsilon` and `centred` (int).
extension Operator {
  static let rowNormalization = Operator(
    "edge.Normalization", opsets: latestOpset...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let n = x.shape.last ?? 1
      let (scale, shift) = (optional(inputs, 1)?.floats, optional(inputs, 2)?.floats)
      let epsilon = node.float("epsilon", 0)
      var values = x.floats
      for start in stride(from: 0, to: values.count, by: Swift.max(n, 1)) {
        let row = values[start..<start + n]
        var mean = Float(0)
        if node.int("centred", 0) == 1 {
          mean = Float(row.reduce(0.0) { $0 + Double($1) } / Double(n))
        }
        let square = row.reduce(0.0) { $0 + Double($1 - mean) * Double($1 - mean) }
        let root = (Float(square / Double(n)) + epsilon).squareRoot()
        for i in 0..<n {
          let normal = (values[start + i] - mean) / root
          values[start + i] = normal * (scale?[i] ?? 1) + (shift?[i] ?? 0)
        }
      }
      return [Tensor(values, shape: x.shape, type: x.type)]
    }, lower: Lowering.rowNormalization)
}

extension Lowering {
  /// In float, on the last stored axis.
  static func rowNormalization(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let last = shape.count - 1
    let order = try lowering.operand(source, .float).order.filter { $0 != last } + [last]
    let x = try lowering.operand(source, .float, order: order)
    let factors = try (1...2).map { index in
      try node.input(index).map { try lowering.operand($0, .float).tensor }
    }
    let y = try lowering.result(target, order: order)
    var parameters = NormalizeParameters()
    parameters.epsilon = node.float("epsilon", 0)
    parameters.isCentred = Int32(node.int("centred", 0))
    let sizes = [order.dropLast().reduce(Dimension(1)) { $0 * shape[$1] }, shape[last]]
    lowering.emit(
      .normalize, [lowering.view(x.tensor, dims: sizes)] + factors,
      [lowering.view(y.tensor, dims: sizes)], parameters)
    lowering.define(target, as: y)
  }
}
