/// Pools by a p-norm: (sum |x|^p)^(1/p). <https://onnx.ai/onnx/operators/onnx__LpPool.html>,
/// <https://onnx.ai/onnx/operators/onnx__GlobalLpPool.html>
extension Operator {
  static let normPools: [Operator] = [
    .composite("LpPool", opsets: 2...latestOpset) { node, body in
      let x = try body.required(0)
      guard let kernel = node.ints("kernel_shape"),
        let form = try PoolForm(node, body.shape(x), kernel)
      else {
        throw ConversionError.obstacles([
          node.obstacle("its sizes depend on the caller", remedy: "fix the model's input shapes")
        ])
      }
      let powers = try body.power(x, of: node)
      let pads = form.input.indices.map { max(form.overlap($0), 0) }
      let padded = try body.apply(
        "Pad", [powers, body.constant(ints: [0, 0] + form.before + [0, 0] + pads)])
      var attributes = form.attributes(form.input.indices)
      attributes["pads"] = nil
      let mean = try body.apply("AveragePool", [padded], attributes)
      let count = body.constant(Float(kernel.reduce(1, *)), try body.type(x))
      return [try body.root(body.apply("Mul", [mean, count]), of: node)]
    },
    .composite("GlobalLpPool", opsets: 2...latestOpset) { node, body in
      let x = try body.required(0)
      let axes = try body.constant(ints: Array(2..<max(body.shape(x).count, 2)))
      let sum = try body.apply("ReduceSum", [body.power(x, of: node), axes])
      return [try body.root(sum, of: node)]
    },
  ]
}

extension Expansion {
  /// |x|^p.
  fileprivate mutating func power(_ x: ValueID, of node: Node) throws -> ValueID {
    let p = node.int("p", 2)
    if p == 2 { return try apply("Mul", [x, x]) }
    let magnitude = try apply("Abs", [x])
    return p == 1 ? magnitude : try apply("Pow", [magnitude, constant(Float(p), type(x))])
  }

  /// x^(1/p).
  fileprivate mutating func root(_ x: ValueID, of node: Node) throws -> ValueID {
    let p = node.int("p", 2)
    if p == 1 { return x }
    return try p == 2 ? apply("Sqrt", [x]) : apply("Pow", [x, constant(1 / Float(p), type(x))])
  }
}
