import CEdgeKernels
import EdgeFormat

/// `lookup`: int8 x, table `[256]` → int8 y of as many elements; y = table[x + 128].
enum Lookup {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    let x = node.input(0), table = node.input(1), y = node.output()
    try node.require(x.type == .int8 && table.type == .int8 && y.type == .int8, "lookup wants int8")
    try node.require(table.count == 256, "a lookup table has 256 entries")
    try node.require(x.count == y.count, "lookup keeps the number of elements")
  }

  private struct Job {
    var x: UnsafeMutablePointer<Int8>
    var y: UnsafeMutablePointer<Int8>
    var table: UnsafeMutablePointer<Int8>
    var count: Int
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), table = node.input(1), y = node.output()
    let parts = context.parts(elements: y.count)
    let job = Job(
      x: x.int8, y: y.int8, table: table.int8, count: y.count, kernels: context.kernels,
      parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let range = share(job.count, part: Int(part), parts: job.parts)
      job.kernels.pointee.lut_s8(
        job.x + range.begin, job.y + range.begin, Int64(range.end &- range.begin), job.table)
    }
  }
}
