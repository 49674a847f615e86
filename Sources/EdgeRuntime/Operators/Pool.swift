import CEdgeKernels
import EdgeFormat

/// `maxPool` and `averagePool`, int8 or float: x `[N, H, W, C]` → y `[N, OH, OW, C]`.
///
/// Padding takes no part, but in the divisor of an average that counts it. int8 max keeps the
/// quantization; int8 average goes to y's.
enum Pool {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(PoolParameters.self)
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: PoolParameters.self)
    try node.expectWindows(
      WindowAxis(
        kernel: parameters.kernelHeight, stride: parameters.strideHeight,
        dilation: parameters.dilationHeight, before: parameters.padTop, after: parameters.padBottom),
      WindowAxis(
        kernel: parameters.kernelWidth, stride: parameters.strideWidth,
        dilation: parameters.dilationWidth, before: parameters.padLeft, after: parameters.padRight))
    try node.expectEqual(x, y, axes: 3..<4)
    try node.require(x.type == y.type, "a pool keeps the type")
    if x.type == .int8 {
      try node.expectQuantized(x)
      try node.expectQuantized(y)
      if node.opCode == .maxPool { try node.expectSameForm(x, y) }
    } else {
      try node.expectFloat(x)
    }
  }

  private static func describe(_ node: NodeView) -> edge_pool {
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: PoolParameters.self)
    var pool = edge_pool()
    pool.batch = Int32(truncatingIfNeeded: x.dims[0])
    pool.in_h = Int32(truncatingIfNeeded: x.dims[1])
    pool.in_w = Int32(truncatingIfNeeded: x.dims[2])
    pool.channels = Int32(truncatingIfNeeded: x.dims[3])
    pool.out_h = Int32(truncatingIfNeeded: y.dims[1])
    pool.out_w = Int32(truncatingIfNeeded: y.dims[2])
    pool.kernel_h = parameters.kernelHeight
    pool.kernel_w = parameters.kernelWidth
    pool.stride_h = parameters.strideHeight
    pool.stride_w = parameters.strideWidth
    pool.dilation_h = parameters.dilationHeight
    pool.dilation_w = parameters.dilationWidth
    pool.pad_top = parameters.padTop
    pool.pad_left = parameters.padLeft
    pool.count_include_pad = parameters.countIncludePad
    if x.type == .int8 {
      pool.ratio = x.scale / y.scale
      pool.in_zero = x.zeroPoint
      pool.out_zero = y.zeroPoint
    }
    return pool
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    let parameters = node.parameters(as: PoolParameters.self)
    let taps = Int(parameters.kernelHeight) &* Int(parameters.kernelWidth)
    context.split(node, units: y.count(0..<2), elements: y.count &* taps) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output(), kernels = part.kernels
      let (begin, end) = part.rows
      var pool = Pool.describe(node)
      switch (x.type == .int8, node.opCode == .maxPool) {
      case (true, true): kernels.pointee.max_pool_s8(&pool, x.int8, y.int8, begin, end)
      case (true, false): kernels.pointee.average_pool_s8(&pool, x.int8, y.int8, begin, end)
      case (false, true): kernels.pointee.max_pool_f32(&pool, x.float, y.float, begin, end)
      case (false, false): kernels.pointee.average_pool_f32(&pool, x.float, y.float, begin, end)
      }
    }
  }
}
