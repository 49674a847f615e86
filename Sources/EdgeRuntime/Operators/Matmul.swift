import CEdgeKernels
import EdgeFormat

/// `matmul` (float): a `[..., M, K]` times b `[..., K, N]`, either stored transposed, → y `[..., M,
/// N]`.
///
/// Batch axes broadcast; K in order, one fused multiply-add each.
enum Matmul {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(MatmulParameters.self)
    let a = node.input(0), b = node.input(1), y = node.output()
    for operand in 0..<2 { try node.expectFloat(node.input(operand)) }
    try node.expectFloat(y)
    try node.require(a.rank >= 2 && b.rank >= 2 && y.rank >= 2, "matmul wants matrices")
    try node.expectBroadcast(a, to: y, axes: 0..<(y.rank - 2))
    try node.expectBroadcast(b, to: y, axes: 0..<(y.rank - 2))
    let shape = Shape(node)
    guard shape.k == shape.bK, y.fromLast(1) == shape.m, y.fromLast(0) == shape.n else {
      throw node.corrupt(
        "a product of K %0 and %1 into %2 rows of %3", shape.k, shape.bK, y.fromLast(1),
        y.fromLast(0))
    }
  }

  /// Sizes of the matrices, as multiplied.
  private struct Shape {
    var m: Int
    var k: Int
    var bK: Int
    var n: Int
    var description = edge_matmul_f32()

    init(_ node: NodeView) {
      let parameters = node.parameters(as: MatmulParameters.self)
      let a = node.input(0), b = node.input(1)
      let aFlipped = parameters.transposeA != 0, bFlipped = parameters.transposeB != 0
      m = a.fromLast(aFlipped ? 0 : 1)
      k = a.fromLast(aFlipped ? 1 : 0)
      bK = b.fromLast(bFlipped ? 0 : 1)
      n = b.fromLast(bFlipped ? 1 : 0)
      description.m = Int32(truncatingIfNeeded: m)
      description.n = Int32(truncatingIfNeeded: n)
      description.k = Int32(truncatingIfNeeded: k)
      description.a_row = aFlipped ? 1 : Int64(k)
      description.a_col = aFlipped ? Int64(m) : 1
      description.b_row = bFlipped ? 1 : Int64(n)
      description.b_col = bFlipped ? Int64(k) : 1
      description.c_row = Int64(n)
    }
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    guard node.output().count > 0 else { return 0 }
    var shape = Shape(node)
    return Int(edge_matmul_scratch_f32(&shape.description))
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    let shape = Shape(node)
    context.split(node, units: y.count / shape.n, elements: y.count &* shape.k) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let shape = Shape(node)
      part.forEachRun(of: shape.m) { matrix, begin, end in
        Matmul.multiply(node, shape, matrix, begin, end, part)
      }
    }
  }

  /// Rows [begin, end) of one product of the batch.
  private static func multiply(
    _ node: NodeView, _ shape: Shape, _ matrix: Int, _ begin: Int, _ end: Int, _ part: Part
  ) {
    var description = shape.description
    let a = node.input(0), b = node.input(1), y = node.output()
    part.kernels.pointee.matmul_f32(
      &description, a.float + matrixIndex(a, y, matrix) &* shape.m &* shape.k,
      b.float + matrixIndex(b, y, matrix) &* shape.k &* shape.n,
      y.float + matrix &* shape.m &* shape.n, part.scratch, Int32(truncatingIfNeeded: begin),
      Int32(truncatingIfNeeded: end))
  }

  /// Which matrix of an operand takes part in product `matrix` of y.
  private static func matrixIndex(_ operand: TensorView, _ y: TensorView, _ matrix: Int) -> Int {
    var rest = matrix, index = 0, scale = 1
    var axis = y.rank &- 2
    while axis > 0 {
      axis &-= 1
      let size = operand.aligned(axis, rank: y.rank)
      if size != 1 { index &+= rest % y.dims[axis] &* scale }
      rest /= y.dims[axis]
      scale &*= size
    }
    return index
  }
}
