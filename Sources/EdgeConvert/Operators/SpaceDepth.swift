/// Blocks of space moved into channels and back.
/// <https://onnx.ai/onnx/operators/onnx__DepthToSpace.html>
extension Operator {
  static let spaceDepth: [Operator] = [
    Operator(
      "DepthToSpace", opsets: 1...latestOpset,
      infer: { node, graph in
        let x = try graph.shape(node, 0)
        let block = Dimension(node.int("blocksize", 1))
        guard x.count == 4 else { throw node.invalid("needs four axes") }
        return [
          ValueType(
            type: try graph.type(node, 0),
            shape: [x[0], x[1] / (block * block), x[2] * block, x[3] * block])
        ]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let b = node.int("blocksize", 1)
        guard x.shape.count == 4, b > 0, x.shape[1] % (b * b) == 0 else {
          throw node.invalid("\(x.shape) in blocks of \(b)")
        }
        let (n, c, h, w) = (x.shape[0], x.shape[1] / (b * b), x.shape[2], x.shape[3])
        let columnFirst = node.string("mode") == "CRD"
        let blocks =
          columnFirst
          ? x.reshaped([n, c, b, b, h, w]).transposed([0, 1, 4, 2, 5, 3])
          : x.reshaped([n, b, b, c, h, w]).transposed([0, 3, 4, 1, 5, 2])
        return [blocks.reshaped([n, c, h * b, w * b])]
      }, lower: nil),
    Operator(
      "SpaceToDepth", opsets: 1...latestOpset,
      infer: { node, graph in
        let x = try graph.shape(node, 0)
        let block = Dimension(node.int("blocksize", 1))
        guard x.count == 4 else { throw node.invalid("needs four axes") }
        return [
          ValueType(
            type: try graph.type(node, 0),
            shape: [x[0], x[1] * block * block, x[2] / block, x[3] / block])
        ]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let b = node.int("blocksize", 1)
        guard x.shape.count == 4, b > 0, x.shape[2] % b == 0, x.shape[3] % b == 0 else {
          throw node.invalid("\(x.shape) in blocks of \(b)")
        }
        let (n, c, h, w) = (x.shape[0], x.shape[1], x.shape[2] / b, x.shape[3] / b)
        let order = node.string("mode") == "CRD" ? [0, 1, 3, 5, 2, 4] : [0, 3, 5, 1, 2, 4]
        return [x.reshaped([n, c, h, b, w, b]).transposed(order).reshaped([n, c * b * b, h, w])]
      }, lower: nil),
  ]
}
