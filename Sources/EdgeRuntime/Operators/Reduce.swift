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

  private struct Job {
    var x: TensorView
    var y: TensorView
    var kind: Int32
    var outer: Int
    var count: Int
    var inner: Int
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    let parameters = node.parameters(as: ReduceParameters.self)
    let axis = Int(parameters.axis), end = axis &+ Int(parameters.axisCount)
    let outer = x.count(0..<axis)
    let parts = min(context.parts(elements: x.count), outer)
    let job = Job(
      x: x, y: y, kind: parameters.kind, outer: outer, count: x.count(axis..<end),
      inner: x.count(end..<x.rank), kernels: context.kernels, parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      Reduce.reduce(job, share(job.outer, part: Int(part), parts: job.parts))
    }
  }

  private static func reduce(_ job: Job, _ rows: (begin: Int, end: Int)) {
    let from = rows.begin &* job.count &* job.inner, to = rows.begin &* job.inner
    let outer = Int64(rows.end &- rows.begin)
    if job.x.type == .int8 {
      job.kernels.pointee.mean_s8(
        job.x.int8 + from, job.y.int8 + to, outer, Int64(job.count), Int64(job.inner),
        job.x.scale / job.y.scale, job.x.zeroPoint, job.y.zeroPoint)
    } else {
      job.kernels.pointee.reduce_f32(
        job.kind, job.x.float + from, job.y.float + to, outer, Int64(job.count), Int64(job.inner))
    }
  }
}
