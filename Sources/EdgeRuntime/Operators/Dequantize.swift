import CEdgeKernels
import EdgeFormat

/// `dequantize`: int8 x → float y of as many elements, (q - zero point) * scale.
enum Dequantize {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.expectQuantized(x)
    try node.expectFloat(y)
    try node.require(x.count == y.count, "dequantize keeps the number of elements")
  }

  private struct Job {
    var x: UnsafeMutablePointer<Int8>
    var y: UnsafeMutablePointer<Float>
    var count: Int
    var scale: Float
    var zeroPoint: Int32
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    let parts = context.parts(elements: y.count)
    let job = Job(
      x: x.int8, y: y.float, count: y.count, scale: x.scale, zeroPoint: x.zeroPoint,
      kernels: context.kernels, parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let range = share(job.count, part: Int(part), parts: job.parts)
      job.kernels.pointee.dequantize_s8(
        job.x + range.begin, job.y + range.begin, Int64(range.end &- range.begin), job.scale,
        job.zeroPoint)
    }
  }
}
