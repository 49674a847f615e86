import CEdgeKernels
import EdgeFormat

/// `reduce`: sum, mean, max, min, sum of squares or product over `axisCount` neighbouring axes from
/// `axis`, which y has as 1 or not at all.
///
/// float all kinds; int64 all but mean (it wraps); int8 mean, max and min.
enum Reduce {
  /// Elements that an int8 mean can add up in 32 bits.
  private static let largestMean = 1 << 23

  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(ReduceParameters.self)
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: ReduceParameters.self)
    let kind = Int(parameters.kind)
    try node.expect(kind, in: EDGE_REDUCE_SUM...EDGE_REDUCE_PROD, "there is no reduction %0")
    let axis = Int(parameters.axis), end = axis + Int(parameters.axisCount)
    guard axis >= 0, parameters.axisCount >= 1, end <= x.rank else {
      throw node.corrupt("axes %0..<%1 of a tensor of rank %2", axis, end, x.rank)
    }
    try checkShape(node, axis..<end)
    try node.require(x.type == y.type, "reduce wants one type")
    switch x.type {
    case .float32: break
    case .int64:
      try node.require(kind != EDGE_REDUCE_MEAN, "integers have no mean")
    case .int8:
      try checkQuantized(node, kind, count: x.count(axis..<end))
    case .float16, .uint8, .int16, .int32, .bool:
      throw node.corrupt("reduce has no type %0", Int(x.type.rawValue))
    }
  }

  private static func checkQuantized(_ node: NodeView, _ kind: Int, count: Int) throws(EdgeError) {
    let x = node.input(0), y = node.output()
    switch kind {
    case EDGE_REDUCE_MAX, EDGE_REDUCE_MIN: try node.expectSameForm(x, y)
    default:
      try node.require(kind == EDGE_REDUCE_MEAN, "the int8 reductions are mean, max and min")
      try node.expectQuantized(x)
      try node.expectQuantized(y)
      guard y.count > 0 else { return }
      try node.expect(count, in: 1...largestMean, "an int8 mean over %0 elements, not %1...%2")
    }
  }

  /// Throws unless y has the axes of x, those of a range as 1 or not at all.
  static func checkShape(_ node: NodeView, _ axes: Range<Int>) throws(EdgeError) {
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
    let kind = parameters.kind
    let axis = Int(parameters.axis), end = axis &+ Int(parameters.axisCount)
    let n = x.count(axis..<end), inner = x.count(end..<x.rank)
    let from = part.begin &* n &* inner, to = part.begin &* inner
    let count = Int64(n), width = Int64(inner)
    switch x.type {
    case .int8:
      part.kernels.pointee.reduce_s8(
        kind, x.int8 + from, y.int8 + to, part.count, count, width, x.scale / y.scale, x.zeroPoint,
        y.zeroPoint)
    case .int64: edge_reduce_s64(kind, x.int64 + from, y.int64 + to, part.count, count, width)
    default:
      if kind == Int32(EDGE_REDUCE_PROD) {
        edge_product_f32(x.float + from, y.float + to, part.count, count, width)
      } else {
        part.kernels.pointee.reduce_f32(
          kind, x.float + from, y.float + to, part.count, count, width)
      }
    }
  }
}
