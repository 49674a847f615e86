import CEdgeKernels
import EdgeFormat

/// `binary`: a, b → y, elementwise; axes of size 1 repeat, and so do those that an operand lacks in
/// front.
///
/// float up to fmod; quantized int8 add, sub, mul; integers and bool all kinds (they wrap, and
/// division truncates and gives 0 for a divisor of 0).
enum Binary {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(BinaryParameters.self)
    let a = node.input(0), b = node.input(1), y = node.output()
    try node.require(a.type == b.type && a.type == y.type, "binary wants one type")
    try node.expectBroadcast(a, to: y, axes: 0..<y.rank)
    try node.expectBroadcast(b, to: y, axes: 0..<y.rank)
    let parameters = node.parameters(as: BinaryParameters.self)
    if y.isQuantized {
      try checkQuantized(node, parameters)
    } else {
      try node.require(!a.isQuantized && !b.isQuantized, "an operand is quantized, y is not")
      try Arithmetic.check(node, kind: parameters.kind, y.type)
    }
  }

  private static func checkQuantized(
    _ node: NodeView, _ parameters: BinaryParameters
  ) throws(EdgeError) {
    try node.expect(
      Int(parameters.kind), in: EDGE_BINARY_ADD...EDGE_BINARY_MUL,
      "quantized int8 has no binary kind %0")
    try node.expectQuantized(node.input(0))
    try node.expectQuantized(node.input(1))
    try node.expectQuantized(node.output())
    try node.expectClamp(low: parameters.low, high: parameters.high)
    try node.require(
      parameters.aMultiplier.isFinite && parameters.bMultiplier.isFinite,
      "multipliers are finite")
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
      loop = BroadcastLoop(a, b, to: y)
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      let operands = Operands(pointer.load(as: NodeView.self))
      if operands.y.isQuantized {
        Binary.walkQuantized(operands, part)
      } else {
        Binary.walk(operands, part)
      }
    }
  }

  private static func walk(_ operands: Operands, _ part: Part) {
    let arithmetic = Arithmetic(
      kind: operands.parameters.kind, type: operands.y.type, kernels: part.kernels)
    let steps = operands.loop.steps
    operands.loop.walk(part) { start, position, count in
      arithmetic.run(
        operands.a.element(start[0]), steps.a, operands.b.element(start[1]), steps.b,
        operands.y.element(position), count)
    }
  }

  private static func walkQuantized(_ operands: Operands, _ part: Part) {
    var quantized = edge_binary_s8(
      a_zero: operands.a.zeroPoint, b_zero: operands.b.zeroPoint, zero: operands.y.zeroPoint,
      low: operands.parameters.low, high: operands.parameters.high,
      a_multiplier: operands.parameters.aMultiplier,
      b_multiplier: operands.parameters.bMultiplier)
    let steps = operands.loop.steps
    operands.loop.walk(part) { start, position, count in
      part.kernels.pointee.binary_s8(
        operands.parameters.kind, &quantized, operands.a.int8 + start[0], steps.a,
        operands.b.int8 + start[1], steps.b, operands.y.int8 + position, Int64(count))
    }
  }
}

/// One `EDGE_BINARY_*` kind on elements of one type that are not quantized.
struct Arithmetic {
  let kind: Int32
  let type: ElementType
  let kernels: UnsafePointer<edge_kernels>

  /// Throws unless elements of the type have the kind.
  static func check(_ node: NodeView, kind: Int32, _ type: ElementType) throws(EdgeError) {
    try node.require(type != .float16, "float16 has no arithmetic")
    let last = type == .float32 ? EDGE_BINARY_FMOD : EDGE_BINARY_SHIFT_RIGHT
    try node.expect(
      Int(kind), in: EDGE_BINARY_ADD...last, "elements of this type have no binary kind %0")
  }

  /// y = a kind b, for `count` elements; a step of 0 repeats the first.
  func run(
    _ a: UnsafeRawPointer, _ aStep: Int32, _ b: UnsafeRawPointer, _ bStep: Int32,
    _ y: UnsafeMutableRawPointer, _ count: Int
  ) {
    if type == .float32 {
      kernels.pointee.binary_f32(
        kind, a.assumingMemoryBound(to: Float.self), aStep,
        b.assumingMemoryBound(to: Float.self), bStep, y.assumingMemoryBound(to: Float.self),
        Int64(count))
    } else {
      edge_integer_binary(kind, Int32(type.rawValue), a, aStep, b, bStep, y, Int64(count))
    }
  }
}
