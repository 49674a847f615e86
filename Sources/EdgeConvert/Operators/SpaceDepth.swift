import EdgeFormat

/// How blocks of space lie in channels: as `[groups, block..., channels of a group]`.
///
/// ONNX knows square blocks of two axes, with one group (mode DCR) or as many as there are channels
/// (CRD). What becomes of a transposed convolution has `edge.blocks` (ints, one a spatial axis) and
/// `edge.groups` instead.
struct BlockForm {
  /// Elements of a block along each spatial axis.
  let blocks: [Int]
  let groups: Int
  /// Channels of a group where blocks are in space.
  let groupChannels: Int

  /// - Parameters:
  ///   - node: a DepthToSpace or SpaceToDepth.
  ///   - coarse: the shape `[N, channels, spatial...]` where blocks are in the channels.
  init(_ node: Node, coarse: [Dimension]) throws {
    let size = node.int("blocksize", 1)
    blocks = node.ints("edge.blocks") ?? [size, size]
    guard coarse.count == blocks.count + 2 else {
      throw node.invalid("needs \(blocks.count + 2) axes, not \(coarse.count)")
    }
    let volume = blocks.reduce(1, *)
    guard blocks.allSatisfy({ $0 > 0 }), let channels = coarse[1].constant,
      channels % volume == 0
    else { throw node.invalid("\(coarse[1]) channels do not hold blocks of \(blocks)") }
    let isColumnFirst = node.string("mode") == "CRD"
    groups = node.int("edge.groups") ?? (isColumnFirst ? channels / volume : 1)
    guard groups > 0, channels / volume % groups == 0 else {
      throw node.invalid("\(channels) channels do not fit \(groups) groups")
    }
    groupChannels = channels / volume / groups
  }

  /// The shape where blocks are in space.
  func fine(_ coarse: [Dimension]) -> [Dimension] {
    [coarse[0], Dimension(groups * groupChannels)]
      + zip(coarse.dropFirst(2), blocks).map { $0 * Dimension($1) }
  }

  /// The axes `[N, spatial..., groups, block..., group channels]` of the coarse tensor, channels
  /// last.
  func axes(_ coarse: [Dimension]) -> [Dimension] {
    [coarse[0]] + coarse.dropFirst(2) + [Dimension(groups)] + blocks.map { Dimension($0) }
      + [Dimension(groupChannels)]
  }

  /// The sequence of these axes in the fine tensor, channels last.
  var order: [Int] {
    let rank = blocks.count
    return [0] + (0..<rank).flatMap { [1 + $0, rank + 2 + $0] } + [rank + 1, 2 * rank + 2]
  }
}

/// Blocks of space moved into channels and back.
/// <https://onnx.ai/onnx/operators/onnx__DepthToSpace.html>,
/// <https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html>
extension Operator {
  static let spaceDepth: [Operator] = [
    Operator(
      "DepthToSpace", opsets: 1...latestOpset,
      infer: { node, graph in
        let x = try graph.shape(node, 0)
        let form = try BlockForm(node, coarse: x)
        return [ValueType(type: try graph.type(node, 0), shape: form.fine(x))]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let coarse = x.shape.map { Dimension($0) }
        let form = try BlockForm(node, coarse: coarse)
        let axes = form.axes(coarse).compactMap(\.constant)
        let blocks = x.transposed(AxisOrder.channelsLast(x.shape.count)).reshaped(axes)
        let shape = form.fine(coarse).compactMap(\.constant)
        let stored = AxisOrder.channelsLast(shape.count).map { shape[$0] }
        return [
          blocks.transposed(form.order).reshaped(stored).transposed(channelsFirst(shape.count))
        ]
      },
      quantize: .passThrough, lower: Lowering.blocks),
    Operator(
      "SpaceToDepth", opsets: 1...latestOpset,
      infer: { node, graph in
        let x = try graph.shape(node, 0)
        return [ValueType(type: try graph.type(node, 0), shape: try coarseShape(node, x))]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let coarse = try coarseShape(node, x.shape.map { Dimension($0) })
        let form = try BlockForm(node, coarse: coarse)
        let axes = form.axes(coarse).compactMap(\.constant)
        let blocks = x.transposed(AxisOrder.channelsLast(x.shape.count))
          .reshaped(form.order.map { axes[$0] })
        let shape = coarse.compactMap(\.constant)
        let stored = AxisOrder.channelsLast(shape.count).map { shape[$0] }
        return [
          blocks.transposed(inverse(form.order)).reshaped(stored)
            .transposed(channelsFirst(shape.count))
        ]
      },
      quantize: .passThrough, lower: Lowering.blocks),
  ]

  private static func coarseShape(_ node: Node, _ x: [Dimension]) throws -> [Dimension] {
    let size = node.int("blocksize", 1)
    guard x.count == 4, size > 0,
      x.dropFirst(2).allSatisfy({ ($0.constant ?? 0) % size == 0 })
    else { throw node.invalid("\(x) in blocks of \(size)") }
    return [x[0], x[1] * Dimension(size * size)] + x.dropFirst(2).map { $0 / Dimension(size) }
  }

  private static func channelsFirst(_ rank: Int) -> [Int] {
    inverse(AxisOrder.channelsLast(rank))
  }

  private static func inverse(_ permutation: [Int]) -> [Int] {
    var result = permutation
    for (position, axis) in permutation.enumerated() { result[axis] = position }
    return result
  }
}
