import EdgeFormat

/// Mean or maximum over all spatial axes of x `[N, C, spatial...]`, which stay with size 1.
extension Operator {
  static let globalPools: [Operator] = [
    global("GlobalAveragePool", .rescaled, lower: Lowering.globalPool) { values in
      Float(values.reduce(Double(0)) { $0 + Double($1) } / Double(values.count))
    },
    global("GlobalMaxPool", .passThrough, lower: Lowering.globalPool) { values in
      values.max() ?? -.infinity
    },
  ]

  private static func global(
    _ name: String, _ quantize: QuantizeRule, lower: LoweringRule?,
    _ body: @escaping @Sendable (Slice<UnsafeBufferPointer<Float>>) -> Float
  ) -> Operator {
    Operator(
      name, opsets: 1...latestOpset,
      infer: { node, graph in
        let x = try graph.shape(node, 0)
        guard x.count >= 2 else { throw node.invalid("needs two or more axes") }
        let ones = Array(repeating: Dimension(1), count: x.count - 2)
        return [ValueType(type: try graph.type(node, 0), shape: x.prefix(2) + ones)]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let size = x.shape.dropFirst(2).reduce(1, *)
        let maps = x.shape.prefix(2).reduce(1, *)
        let values = x.floats.withUnsafeBufferPointer { data in
          (0..<maps).map { body(data[($0 * size)..<(($0 + 1) * size)]) }
        }
        let ones = Array(repeating: 1, count: x.shape.count - 2)
        return [Tensor(values, shape: x.shape.prefix(2) + ones)]
      },
      quantize: quantize, lower: lower)
  }
}
