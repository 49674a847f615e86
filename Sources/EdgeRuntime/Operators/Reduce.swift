import CEdgeKernels
import EdgeFormat

/// `reduce`: sum, mean, max, min or sum of squares over `axisCount` neighbouring axes from `axis`,
/// which y has as 1 or not at all.
///
/// float all kinds; int8 mean.
enum Reduce {
  /// Elements that an int8 mean can add up in 32 bits.
  private static let largestMean = 1 << 23

  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(ReduceParameters.self)
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: ReduceParameters.self)
    let kinds = EDGE_REDUCE_SUM...EDGE_REDUCE_SUM_SQUARE
    try node.expect(Int(parameters.kind), in: kinds, "there is no reduction %0")
    let axis = Int(parameters.axis), end = axis + Int(parameters.axisCount)
    guard axis >= 0, parameters.axisCount >= 1, end <= x.rank else {
      throw node.corrupt("axes %0..<%1 of a tensor of rank %2", axis, end, x.rank)
    }
    try checkShape(node, axis..<end)
    if x.type == .int8 {
      try node.require(
        parameters.kind == Int32(EDGE_REDUCE_MEAN), "the int8 reduction is mean")
      try node.expectQuantized(x)
      try node.expectQuantized(y)
      guard y.count > 0 else { return }
      try node.expect(
        x.count(axis..<end), in: 1...largestMean, "an int8 mean over %0 elements, not %1...%2")
    } else {
      try node.expectFloat(x)
      try node.expectFloat(y)
    }
  }

  private static func checkShape(_ node: NodeView, _ axes: Range<Int>) throws(EdgeError) {
    let x = node.input(0), y = node.output()
    let dropped = y.rank == x.rank ? 0 : axes.count
    try node.expectRank(y, x.rank - dropped)
    try node.expectEqual(x, y, axes: 0..<axes.lowerBound)
    if dropped == 0 {
      for axis in axes { try node.require(y.dims[axis] == 1, "a reduced axis has size 1") }
    }
    for axis in axes.upperBound..<x.rank {
      try node.require(y.dims[axis - dropped] == x.dims[axis], "reduce keeps the other axes")
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    guard node.output().count > 0 else { return }
    let x = node.input(0)
    let axis = Int(node.parameters(as: ReduceParameters.self).axis)
    context.split(node, units: x.count(0..<axis), elements: x.count) { pointer, part in
      Reduce.reduce(pointer.load(as: NodeView.self), part)
    }
  }

  private static func reduce(_ node: NodeView, _ part: Part) {
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: ReduceParameters.self)
    let axis = Int(parameters.axis), end = axis &+ Int(parameters.axisCount)
    let count = x.count(axis..<end), inner = x.count(end..<x.rank)
    let from = part.begin &* count &* inner, to = part.begin &* inner
    if x.type == .int8 {
      part.kernels.pointee.mean_s8(
        x.int8 + from, y.int8 + to, part.count, Int64(count), Int64(inner), x.scale / y.scale,
        x.zeroPoint, y.zeroPoint)
    } else {
      part.kernels.pointee.reduce_f32(
        parameters.kind, x.float + from, y.float + to, part.count, Int64(count), Int64(inner))
    }
  }
}
