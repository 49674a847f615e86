import CEdgeKernels
import EdgeFormat

/// `quantize`: float x → int8 y of as many elements, q = clamp(rne(x / scale) + zero point); NaN
/// gives the zero point.
enum Quantize {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectQuantized(y)
    try node.require(x.count == y.count, "quantize keeps the number of elements")
  }

  private struct Job {
    var x: UnsafeMutablePointer<Float>
    var y: UnsafeMutablePointer<Int8>
    var count: Int
    var inverse: Float
    var zeroPoint: Int32
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    let parts = context.parts(elements: y.count)
    let job = Job(
      x: x.float, y: y.int8, count: y.count, inverse: 1 / y.scale, zeroPoint: y.zeroPoint,
      kernels: context.kernels, parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let range = share(job.count, part: Int(part), parts: job.parts)
      job.kernels.pointee.quantize_s8(
        job.x + range.begin, job.y + range.begin, Int64(range.end &- range.begin), job.inverse,
        job.zeroPoint)
    }
  }
}
