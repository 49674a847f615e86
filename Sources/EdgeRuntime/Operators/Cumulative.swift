import CEdgeKernels
import EdgeFormat

/// `cumulative`: x → y of the same shape and type, sums (or products) of what lies before along one
/// axis, in order; integers wrap.
///
/// float32 and integers.
enum Cumulative {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(CumulativeParameters.self)
    let x = node.input(0), y = node.output()
    try node.expectAlike(x, y)
    let parameters = node.parameters(as: CumulativeParameters.self)
    try node.require(
      !x.isQuantized && !y.isQuantized && x.type != .bool, "cumulative wants plain numbers")
    try node.require(
      parameters.kind == Int32(EDGE_BINARY_ADD) || parameters.kind == Int32(EDGE_BINARY_MUL),
      "cumulative adds or multiplies")
    try Arithmetic.check(node, kind: parameters.kind, x.type)
    try node.expect(Int(parameters.axis), in: 0...7, "there is no axis %0")
    try node.require(parameters.axis < x.rank, "cumulative runs along an axis of x")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0)
    let axis = Int(node.parameters(as: CumulativeParameters.self).axis)
    context.split(node, units: x.count(0..<axis), elements: x.count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      for block in part.begin..<part.end { Cumulative.accumulate(node, block, part.kernels) }
    }
  }

  /// One index of the axes before: rows of what lies behind the axis, each from the one before it.
  private static func accumulate(
    _ node: NodeView, _ block: Int, _ kernels: UnsafePointer<edge_kernels>
  ) {
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: CumulativeParameters.self)
    let axis = Int(parameters.axis)
    let count = x.dims[axis], inner = x.count((axis &+ 1)..<x.rank)
    let arithmetic = Arithmetic(kind: parameters.kind, type: x.type, kernels: kernels)
    let isExclusive = parameters.exclusive != 0
    let step = parameters.reverse != 0 ? 0 &- inner : inner
    var position = block &* count &* inner &+ (step < 0 ? (count &- 1) &* inner : 0)
    for row in 0..<count {
      if row > 0 {
        arithmetic.run(
          y.element(position &- step), 1, x.element(isExclusive ? position &- step : position), 1,
          y.element(position), inner)
      } else if isExclusive {
        fill(y, at: position, inner, parameters.kind == Int32(EDGE_BINARY_MUL))
      } else {
        y.element(position).copyMemory(
          from: x.element(position), byteCount: inner &* x.type.byteCount)
      }
      position &+= step
    }
  }

  /// What a row without predecessors holds: zeros, or ones.
  private static func fill(_ y: TensorView, at position: Int, _ count: Int, _ isOne: Bool) {
    // Little-endian: an integer's low bytes come first.
    var value: Int64 = isOne ? (y.type == .float32 ? 0x3f80_0000 : 1) : 0
    edge_fill(
      y.element(position), Int64(count), Int32(truncatingIfNeeded: y.type.byteCount), &value)
  }
}
