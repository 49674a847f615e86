import CEdgeKernels
import EdgeFormat

/// `unary`: float x → y of as many elements; `kind` is one of the `EDGE_UNARY_*` functions.
enum Unary {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(UnaryParameters.self)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectFloat(y)
    try node.require(x.count == y.count, "unary keeps the number of elements")
    let kinds = EDGE_UNARY_RELU...EDGE_UNARY_COS
    try node.expect(
      Int(node.parameters(as: UnaryParameters.self).kind), in: kinds,
      "there is no unary function %0")
  }

  private struct Job {
    var x: UnsafeMutablePointer<Float>
    var y: UnsafeMutablePointer<Float>
    var count: Int
    var parameters: UnaryParameters
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    let parts = context.parts(elements: y.count)
    let job = Job(
      x: x.float, y: y.float, count: y.count,
      parameters: node.parameters(as: UnaryParameters.self), kernels: context.kernels, parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let range = share(job.count, part: Int(part), parts: job.parts)
      job.kernels.pointee.unary_f32(
        job.parameters.kind, job.x + range.begin, job.y + range.begin,
        Int64(range.end &- range.begin), job.parameters.alpha, job.parameters.beta)
    }
  }
}
