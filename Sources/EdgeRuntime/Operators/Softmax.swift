import CEdgeKernels
import EdgeFormat

/// `softmax` (float): x → y of the same shape, over the last axis.
enum Softmax {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectAlike(x, y)
    try node.require(x.rank >= 1, "softmax wants an axis")
  }

  private struct Job {
    var x: UnsafeMutablePointer<Float>
    var y: UnsafeMutablePointer<Float>
    var rows: Int
    var length: Int
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    let length = x.fromLast(0)
    let rows = y.count / length
    let parts = min(context.parts(elements: y.count), rows)
    let job = Job(
      x: x.float, y: y.float, rows: rows, length: length, kernels: context.kernels, parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let range = share(job.rows, part: Int(part), parts: job.parts)
      let first = range.begin &* job.length
      job.kernels.pointee.softmax_f32(
        job.x + first, job.y + first, Int64(range.end &- range.begin), Int64(job.length))
    }
  }
}
