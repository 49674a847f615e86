import CEdgeKernels
import EdgeFormat

/// `binary`: a, b → y, elementwise; axes of size 1 repeat, and so do those that an operand lacks in
/// front.
///
/// float all kinds; int8 add, sub, mul; int32 and int64 all but pow (they wrap, and division
/// truncates and gives 0 for a divisor of 0).
enum Binary {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(BinaryParameters.self)
    let a = node.input(0), b = node.input(1), y = node.output()
    try node.require(a.type == b.type && a.type == y.type, "binary wants one type")
    try BroadcastLoop.check(node, a, y)
    try BroadcastLoop.check(node, b, y)
    let parameters = node.parameters(as: BinaryParameters.self)
    let add = EDGE_BINARY_ADD
    switch y.type {
    case .float32:
      try node.expect(
        Int(parameters.kind), in: add...EDGE_BINARY_POW, "there is no binary kind %0")
    case .int32, .int64:
      try node.expect(
        Int(parameters.kind), in: add...EDGE_BINARY_MAX,
        "integers have no binary kind %0")
    case .int8:
      try node.expect(
        Int(parameters.kind), in: add...EDGE_BINARY_MUL, "int8 has no binary kind %0")
      try node.expectQuantized(a)
      try node.expectQuantized(b)
      try node.expectQuantized(y)
      try node.expectClamp(low: parameters.low, high: parameters.high)
      try node.require(
        parameters.aMultiplier.isFinite && parameters.bMultiplier.isFinite,
        "multipliers are finite")
    case .float16, .uint8, .int16, .bool:
      throw node.corrupt("binary has no type %0", Int(y.type.rawValue))
    }
  }

  private struct Job {
    var a: TensorView
    var b: TensorView
    var y: TensorView
    var loop: BroadcastLoop
    var kind: Int32
    var quantized: edge_binary_s8
    var kernels: UnsafePointer<edge_kernels>
    var parts: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let a = node.input(0), b = node.input(1), y = node.output()
    guard y.count > 0 else { return }
    let parameters = node.parameters(as: BinaryParameters.self)
    let parts = context.parts(elements: y.count)
    let job = Job(
      a: a, b: b, y: y, loop: BroadcastLoop(a, b, y), kind: parameters.kind,
      quantized: edge_binary_s8(
        a_zero: a.zeroPoint, b_zero: b.zeroPoint, zero: y.zeroPoint, low: parameters.low,
        high: parameters.high, a_multiplier: parameters.aMultiplier,
        b_multiplier: parameters.bMultiplier),
      kernels: context.kernels, parts: parts)
    context.run(job, parts: parts) { pointer, part, _ in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let range = share(job.y.count, part: Int(part), parts: job.parts)
      Binary.walk(job, range.begin, range.end)
    }
  }

  /// Elements [begin, end) of y, one stretch of the innermost axis after the other.
  private static func walk(_ job: Job, _ begin: Int, _ end: Int) {
    let inner = job.loop.inner
    var row = begin / inner.size
    var column = begin &- row &* inner.size
    var position = begin
    while position < end {
      let count = min(inner.size &- column, end &- position)
      let start = job.loop.offsets(row: row)
      stretch(
        job, a: start.a &+ column &* inner.aStep, b: start.b &+ column &* inner.bStep,
        y: position, count)
      position &+= count
      row &+= 1
      column = 0
    }
  }

  private static func stretch(_ job: Job, a: Int, b: Int, y: Int, _ count: Int) {
    let steps = job.loop.inner
    let aStep = Int32(truncatingIfNeeded: steps.aStep)
    let bStep = Int32(truncatingIfNeeded: steps.bStep)
    switch job.y.type {
    case .float32:
      job.kernels.pointee.binary_f32(
        job.kind, job.a.float + a, aStep, job.b.float + b, bStep, job.y.float + y, Int64(count))
    case .int8:
      withUnsafePointer(to: job.quantized) {
        job.kernels.pointee.binary_s8(
          job.kind, $0, job.a.int8 + a, aStep, job.b.int8 + b, bStep, job.y.int8 + y, Int64(count))
      }
    case .int32:
      IntegerBinary(kind: job.kind, aStep: steps.aStep, bStep: steps.bStep, count: count)
        .run(job.a.int32 + a, job.b.int32 + b, job.y.int32 + y)
    case .int64:
      IntegerBinary(kind: job.kind, aStep: steps.aStep, bStep: steps.bStep, count: count)
        .run(job.a.int64 + a, job.b.int64 + b, job.y.int64 + y)
    case .float16, .uint8, .int16, .bool: return
    }
  }
}
