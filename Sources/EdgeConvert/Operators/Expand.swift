import EdgeFormat

extension Operator {
  /// x broadcast with a shape. <https://onnx.ai/onnx/operators/onnx__Expand.html>
  static let expand = Operator(
    "Expand", opsets: 8...latestOpset,
    infer: { node, graph in
      let target =
        try graph.content(node, 1) ?? graph.integers(node, 1, "the shape").map { Dimension($0) }
      let shape = try broadcastShape([graph.shape(node, 0), target], node)
      return [ValueType(type: try graph.type(node, 0), shape: shape)]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let target = try checkedShape(need(node, inputs, 1).ints, node)
      return [x.broadcast(to: try broadcastShape([x.shape, target], node))]
    },
    quantize: .passThrough, lower: Lowering.expand)

  /// x repeated along each axis. <https://onnx.ai/onnx/operators/onnx__Tile.html>
  static let tile = Operator(
    "Tile", opsets: 6...latestOpset,
    infer: { node, graph in
      let repeats =
        try graph.content(node, 1) ?? graph.integers(node, 1, "the repeats").map { Dimension($0) }
      let shape = try graph.shape(node, 0)
      guard repeats.count == shape.count, repeats.allSatisfy({ $0.constant ?? 0 >= 0 }) else {
        throw node.invalid("repeats \(repeats) for \(shape.count) axes")
      }
      return [ValueType(type: try graph.type(node, 0), shape: zip(shape, repeats).map { $0 * $1 })]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let repeats = try need(node, inputs, 1).ints
      guard repeats.count == x.shape.count, repeats.allSatisfy({ $0 >= 0 && $0 < 1 << 32 }) else {
        throw node.invalid("repeats \(repeats) do not fit \(x.shape)")
      }
      let paired = zip(repeats, x.shape).flatMap { [$0, $1] }
      let own = rowMajorStrides(x.shape)
      return [
        x.strided(shape: paired, strides: own.flatMap { [0, $0] })
          .reshaped(zip(x.shape, repeats).map { $0 * $1 })
      ]
    },
    quantize: .passThrough, lower: Lowering.tile)
}
