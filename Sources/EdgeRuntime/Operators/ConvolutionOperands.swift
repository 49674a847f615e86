import CEdgeKernels
import EdgeFormat

/// What `convolution` and `depthwise` share: operands x, weights, bias, biasU8?, multiplier?,
/// residual?, table? → y; `convolution` also starts?, columns?.
struct ConvolutionOperands {
  let node: NodeView
  let parameters: ConvolutionParameters
  let x: TensorView
  let y: TensorView

  /// Channels of the vectors of one group: bias and multipliers are stored in 16s.
  static func padded(_ channels: Int) -> Int { (channels + 15) & ~15 }

  init(_ node: NodeView) {
    self.node = node
    parameters = node.parameters(as: ConvolutionParameters.self)
    x = node.input(0)
    y = node.output()
  }

  /// Multiplications that take as long as one elementwise operation, for cutting work into parts.
  static let multiplicationsPerElement = 4

  var isFloat: Bool { x.type == .float32 }

  /// Throws unless the operands are there and their types, shapes and windows fit; weights and
  /// vectors apart.
  static func check(_ node: NodeView) throws(EdgeError) {
    let most = node.opCode == .convolution ? 9 : 7
    try node.require(
      (3...most).contains(node.inputCount), "a convolution has three to nine inputs")
    try node.expect(inputs: node.inputCount, required: 3)
    try node.expectParameters(ConvolutionParameters.self)
    let operands = ConvolutionOperands(node)
    let parameters = operands.parameters
    try node.expectWindows(
      WindowAxis(
        kernel: parameters.kernelHeight, stride: parameters.strideHeight,
        dilation: parameters.dilationHeight, before: parameters.padTop, after: parameters.padBottom),
      WindowAxis(
        kernel: parameters.kernelWidth, stride: parameters.strideWidth,
        dilation: parameters.dilationWidth, before: parameters.padLeft, after: parameters.padRight))
    try operands.checkTypes()
  }

  private func checkTypes() throws(EdgeError) {
    let weights = node.input(1), bias = node.input(2)
    try node.require(weights.storage == .weights, "the weights of a convolution lie in the file")
    if isFloat {
      try node.require(
        weights.type == .float32 && bias.type == .float32 && y.type == .float32,
        "a float convolution wants float weights, bias and output")
      try node.require(
        !node.has(3) && !node.has(4) && !node.has(7), "a float convolution is dense and unscaled")
    } else {
      try node.expectQuantized(x)
      try node.require(node.has(3) && node.has(4), "an int8 convolution wants multipliers")
      try node.require(
        weights.type == .int8 && bias.type == .int32 && node.input(3).type == .int32
          && node.input(4).type == .float32,
        "an int8 convolution wants int8 weights, int32 biases and float multipliers")
      try node.require(y.type == .int8 || y.type == .float32, "the output is int8 or float")
    }
    if y.type == .int8 {
      try node.expectQuantized(y)
      try node.expectClamp(low: parameters.low, high: parameters.high)
    }
    if node.has(5) {
      try node.expectAlike(node.input(5), y)
      if y.type == .int8 { try node.expectQuantized(node.input(5)) }
    }
    if node.has(6) {
      try node.require(
        y.type == .int8 && node.input(6).type == .int8 && node.input(6).count == 256,
        "the table of an int8 convolution has 256 entries")
      try node.expect(
        Int(parameters.tableZero), in: -128...127, "a table's zero point is %0, not in %1...%2")
    }
  }

  /// Throws unless the vectors have a value for each of `channels` channels, and the weights
  /// `count` elements.
  func checkConstants(channels: Int, weights count: Int) throws(EdgeError) {
    guard count <= Int(Int32.max), node.input(1).count >= count else {
      throw node.corrupt("packed weights have %0 elements, not %1", node.input(1).count, count)
    }
    for position in 2...4 where node.has(position) {
      guard node.input(position).count >= channels else {
        throw node.corrupt(
          "operand %0 has %1 values, not %2", position, node.input(position).count, channels)
      }
    }
  }

  /// The kernel's description of the first group.
  @inline(never)
  func describe(groups: Int) -> edge_conv {
    var conv = edge_conv()
    conv.batch = Int32(truncatingIfNeeded: x.dims[0])
    conv.in_h = Int32(truncatingIfNeeded: x.dims[1])
    conv.in_w = Int32(truncatingIfNeeded: x.dims[2])
    conv.in_c = Int32(truncatingIfNeeded: x.dims[3] / groups)
    conv.in_stride = Int32(truncatingIfNeeded: x.dims[3])
    conv.out_h = Int32(truncatingIfNeeded: y.dims[1])
    conv.out_w = Int32(truncatingIfNeeded: y.dims[2])
    conv.out_c = Int32(truncatingIfNeeded: y.dims[3] / groups)
    conv.out_stride = Int32(truncatingIfNeeded: y.dims[3])
    conv.kernel_h = parameters.kernelHeight
    conv.kernel_w = parameters.kernelWidth
    conv.stride_h = parameters.strideHeight
    conv.stride_w = parameters.strideWidth
    conv.dilation_h = parameters.dilationHeight
    conv.dilation_w = parameters.dilationWidth
    conv.pad_top = parameters.padTop
    conv.pad_left = parameters.padLeft
    conv.input_zero = isFloat ? 0 : x.zeroPoint
    conv.weights = UnsafeRawPointer(node.input(1).data)
    conv.epilogue = epilogue()
    if let sparse = sparse(groups: groups) { conv.sparse = sparse.describe() }
    return conv
  }

  /// The kept blocks, unless the weights are dense.
  @inline(never)
  func sparse(groups: Int) -> SparseWeights? {
    SparseWeights(
      node, at: 7, channels: groups &* ConvolutionOperands.padded(y.dims[3] / groups))
  }

  private func epilogue() -> edge_epilogue {
    var epilogue = edge_epilogue()
    if isFloat {
      epilogue.bias_f = UnsafePointer(node.input(2).float)
    } else {
      epilogue.bias = UnsafePointer(node.input(2).int32)
      epilogue.bias_u8 = UnsafePointer(node.input(3).int32)
      epilogue.multiplier = UnsafePointer(node.input(4).float)
    }
    if node.has(5) {
      epilogue.residual = UnsafeRawPointer(node.input(5).data)
      epilogue.residual_multiplier = parameters.residualMultiplier
      epilogue.residual_zero = node.input(5).zeroPoint
    }
    epilogue.slope = parameters.slope
    epilogue.output_float = y.type == .float32 ? 1 : 0
    epilogue.zero = node.has(6) ? parameters.tableZero : y.zeroPoint
    epilogue.low = parameters.low
    epilogue.high = parameters.high
    epilogue.low_f = parameters.lowFloat
    epilogue.high_f = parameters.highFloat
    if node.has(6) { epilogue.table = UnsafePointer(node.input(6).int8) }
    return epilogue
  }
}
