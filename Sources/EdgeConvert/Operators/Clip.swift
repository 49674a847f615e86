import EdgeFormat

/// Bounds of a Clip: attributes `min`, `max` up to opset 10, optional scalar inputs 1 and 2 since
/// 11.
struct ClipRange {
  var low: Float
  var high: Float

  /// - Throws: an obstacle when a bound is computed at run time.
  init(_ node: Node, _ graph: Graph) throws {
    self.init(
      node,
      bounds: try (1...2).map { index in
        if node.input(index) == nil { return nil }
        guard let bound = graph.constant(node, index) else {
          throw ConversionError.obstacles([
            node.obstacle(
              "bound \(index) is computed at run time", remedy: "make the bounds constant")
          ])
        }
        return bound
      })
  }

  init(_ node: Node, bounds: [Tensor?]) {
    low = bounds[0]?.scalar ?? node.float("min", -.infinity)
    high = bounds[1]?.scalar ?? node.float("max", .infinity)
  }
}

extension Operator {
  /// x limited to `low...high`; high wins where they cross.
  /// <https://onnx.ai/onnx/operators/onnx__Clip.html>
  static let clip = Operator(
    "Clip", opsets: 6...latestOpset,
    infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      switch x.elements {
      case .float(let values):
        let range = ClipRange(node, bounds: [optional(inputs, 1), optional(inputs, 2)])
        let (low, high) = (range.low, range.high)
        return [
          Tensor(mapElements(values) { min(max($0, low), high) }, shape: x.shape, type: x.type)
        ]
      case .integer(let values):
        let low = optional(inputs, 1)?.integers.first ?? .min
        let high = optional(inputs, 2)?.integers.first ?? .max
        return [
          Tensor(mapElements(values) { min(max($0, low), high) }, shape: x.shape, type: x.type)
        ]
      }
    },
    quantize: .table, lower: Lowering.unary)

  /// x where it is positive, else slope * x; the slope broadcasts to x.
  /// <https://onnx.ai/onnx/operators/onnx__PRelu.html>
  static let parametricRelu = Operator(
    "PRelu", opsets: 7...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let slope = try need(node, inputs, 1).broadcast(to: x.shape)
      switch (x.elements, slope.elements) {
      case (.integer(let values), .integer(let slopes)):
        let products = mapPairs(values, slopes) { $0 < 0 ? $0 &* $1 : $0 }
        return [Tensor(wrap(products, to: x.type), shape: x.shape, type: x.type)]
      default:
        let products = mapPairs(x.floats, slope.floats) { $0 < 0 ? $0 * $1 : $0 }
        return [Tensor(products, shape: x.shape, type: x.type)]
      }
    },
    quantize: .float, lower: Lowering.parametricRelu)
}
