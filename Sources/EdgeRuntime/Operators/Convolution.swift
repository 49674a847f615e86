import CEdgeKernels
import EdgeFormat

/// `convolution`, int8 or float: x `[N, H, W, C]`, weights packed as `edge_kernels.h` says, one
/// group after the other or block-sparse, vectors of 16s per group → y `[N, OH, OW, M]`.
///
/// A fully connected layer is a 1x1 convolution.
enum Convolution {
  static func check(_ node: NodeView) throws(EdgeError) {
    try ConvolutionOperands.check(node)
    let operands = ConvolutionOperands(node)
    let groups = Int(operands.parameters.groups)
    let inputs = operands.x.dims[3], outputs = operands.y.dims[3]
    guard groups >= 1, inputs % groups == 0, outputs % groups == 0 else {
      throw node.corrupt("%0 groups of %1 channels in, %2 out", groups, inputs, outputs)
    }
    guard operands.y.count > 0 else { return }
    try node.require(inputs > 0, "a convolution wants input channels")
    // Each segment of K is padded by up to 3; below 2^31 before the kernels' 32-bit arithmetic sees
    // it.
    let taps = Int(operands.parameters.kernelHeight) * Int(operands.parameters.kernelWidth)
    try node.require(
      taps * (inputs / groups + 3) <= Int(Int32.max), "a filter has too many taps for 32 bits")
    let padded = ConvolutionOperands.padded(outputs / groups)
    let sparse = operands.sparse(groups: groups)
    try operands.checkConstants(
      channels: groups * padded,
      weights: sparse == nil ? groups * groupWeights(operands, groups: groups) : 0)
    guard let sparse else { return }
    var conv = operands.describe(groups: groups)
    try sparse.check(k4: Int(edge_conv_k4(&conv)))
  }

  /// Elements of the packed weights of one group.
  private static func groupWeights(_ operands: ConvolutionOperands, groups: Int) -> Int {
    var conv = operands.describe(groups: groups)
    let padded = ConvolutionOperands.padded(Int(conv.out_c))
    guard operands.isFloat else { return padded &* Int(edge_conv_k4(&conv)) &* 4 }
    return padded &* Int(conv.kernel_h) &* Int(conv.kernel_w) &* Int(conv.in_c)
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    let operands = ConvolutionOperands(node)
    guard operands.y.count > 0 else { return 0 }
    var conv = operands.describe(groups: Int(operands.parameters.groups))
    return Int(operands.isFloat ? edge_conv_scratch_f32(&conv) : edge_conv_scratch_s8(&conv))
  }

  /// Scratch at these and any smaller sizes.
  static func largestWorkspaceBytes(_ node: NodeView) -> Int {
    let operands = ConvolutionOperands(node)
    let parameters = operands.parameters
    let isPadded =
      parameters.padTop | parameters.padLeft | parameters.padBottom | parameters.padRight != 0
    // Without padding the input is read in place at every size.
    guard operands.y.count > 0, isPadded, !operands.isFloat else { return workspaceBytes(node) }
    var conv = operands.describe(groups: Int(operands.parameters.groups))
    return Int(edge_conv_scratch_limit_s8(&conv))
  }

  private struct Job {
    var conv: edge_conv
    var operands: ConvolutionOperands
    var groupWeightBytes: Int
    /// Units of work of one group.
    var units: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let operands = ConvolutionOperands(node)
    guard operands.y.count > 0 else { return }
    let groups = Int(operands.parameters.groups)
    var conv = operands.describe(groups: groups)
    let units = Int(operands.isFloat ? edge_conv_units_f32(&conv) : edge_conv_units(&conv))
    let isSparse = conv.sparse.outputs != 0
    let weights =
      isSparse ? node.input(1).count / groups : groupWeights(operands, groups: groups)
    let pixels = operands.y.count / operands.y.dims[3]
    let job = Job(
      conv: conv, operands: operands,
      groupWeightBytes: isSparse ? 0 : weights &* node.input(1).type.byteCount, units: units)
    context.split(
      job, units: groups &* units,
      elements: pixels &* weights &* groups / ConvolutionOperands.multiplicationsPerElement
    ) { pointer, part in
      let job = pointer.assumingMemoryBound(to: Job.self)
      part.forEachRun(of: job.pointee.units) { group, begin, end in
        Convolution.convolve(job, group, begin, end, part)
      }
    }
  }

  /// Units [begin, end) of one group.
  private static func convolve(
    _ job: UnsafePointer<Job>, _ group: Int, _ begin: Int, _ end: Int, _ part: Part
  ) {
    var conv = job.pointee.conv
    let x = job.pointee.operands.x, y = job.pointee.operands.y
    let outputs = group &* Int(conv.out_c)
    let padded = group &* ConvolutionOperands.padded(Int(conv.out_c))
    conv.weights += group &* job.pointee.groupWeightBytes
    if conv.sparse.outputs != 0 { conv.sparse.starts += padded / Int(conv.sparse.outputs) }
    conv.epilogue.bias = conv.epilogue.bias.map { $0 + padded }
    conv.epilogue.bias_u8 = conv.epilogue.bias_u8.map { $0 + padded }
    conv.epilogue.multiplier = conv.epilogue.multiplier.map { $0 + padded }
    conv.epilogue.bias_f = conv.epilogue.bias_f.map { $0 + padded }
    let outputBytes = outputs &* y.type.byteCount
    conv.epilogue.residual = conv.epilogue.residual.map { $0 + outputBytes }
    let inputs = group &* Int(conv.in_c)
    let first = Int32(truncatingIfNeeded: begin), last = Int32(truncatingIfNeeded: end)
    if job.pointee.operands.isFloat {
      part.kernels.pointee.conv_f32(
        &conv, x.float + inputs, y.float + outputs, part.scratch, first,
        last)
    } else {
      part.kernels.pointee.conv_s8(
        &conv, x.int8 + inputs, y.data + outputBytes, part.scratch,
        first, last)
    }
  }
}
