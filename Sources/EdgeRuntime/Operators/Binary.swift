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
    try node.expectBroadcast(a, to: y, axes: 0..<y.rank)
    try node.expectBroadcast(b, to: y, axes: 0..<y.rank)
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

  /// What every stretch of a part needs.
  private struct Operands {
    let a: TensorView
    let b: TensorView
    let y: TensorView
    let parameters: BinaryParameters
    let loop: BroadcastLoop

    init(_ node: NodeView) {
      a = node.input(0)
      b = node.input(1)
      y = node.output()
      parameters = node.parameters(as: BinaryParameters.self)
      loop = BroadcastLoop(a, b, y)
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      Binary.walk(Operands(pointer.load(as: NodeView.self)), part)
    }
  }

  /// Elements [begin, end) of y, one stretch of the innermost axis after the other.
  private static func walk(_ operands: Operands, _ part: Part) {
    let inner = operands.loop.inner
    var row = part.begin / inner.size
    var column = part.begin &- row &* inner.size
    var position = part.begin
    while position < part.end {
      let count = min(inner.size &- column, part.end &- position)
      let start = operands.loop.offsets(row: row)
      stretch(
        operands, part.kernels, a: start.a &+ column &* inner.aStep,
        b: start.b &+ column &* inner.bStep,
        y: position, count)
      position &+= count
      row &+= 1
      column = 0
    }
  }

  private static func stretch(
    _ operands: Operands, _ kernels: UnsafePointer<edge_kernels>, a: Int, b: Int, y: Int,
    _ count: Int
  ) {
    let kind = operands.parameters.kind
    let (_, aStep, bStep) = operands.loop.inner
    let aStep32 = Int32(truncatingIfNeeded: aStep), bStep32 = Int32(truncatingIfNeeded: bStep)
    switch operands.y.type {
    case .float32:
      kernels.pointee.binary_f32(
        kind, operands.a.float + a, aStep32, operands.b.float + b, bStep32, operands.y.float + y,
        Int64(count))
    case .int8:
      var quantized = edge_binary_s8(
        a_zero: operands.a.zeroPoint, b_zero: operands.b.zeroPoint, zero: operands.y.zeroPoint,
        low: operands.parameters.low, high: operands.parameters.high,
        a_multiplier: operands.parameters.aMultiplier,
        b_multiplier: operands.parameters.bMultiplier)
      kernels.pointee.binary_s8(
        kind, &quantized, operands.a.int8 + a, aStep32, operands.b.int8 + b, bStep32,
        operands.y.int8 + y, Int64(count))
    case .int32:
      IntegerBinary(kind: kind, aStep: aStep, bStep: bStep, count: count)
        .run(operands.a.int32 + a, operands.b.int32 + b, operands.y.int32 + y)
    case .int64:
      IntegerBinary(kind: kind, aStep: aStep, bStep: bStep, count: count)
        .run(operands.a.int64 + a, operands.b.int64 + b, operands.y.int64 + y)
    case .float16, .uint8, .int16, .bool: return
    }
  }
}
