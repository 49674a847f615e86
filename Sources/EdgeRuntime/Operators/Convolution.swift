import CEdgeKernels
import EdgeFormat

/// `convolution`, int8 or float: x `[N, H, W, C]`, weights packed as `edge_kernels.h` says, one
/// group after the other, vectors of 16s per group → y `[N, OH, OW, M]`.
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
    try operands.checkConstants(
      channels: groups * padded, weights: groups * groupWeights(operands, groups: groups))
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

  private struct Job {
    var conv: edge_conv
    var operands: ConvolutionOperands
    var groupWeightBytes: Int
    /// Units of work of one group.
    var units: Int
    var groups: Int
    var parts: Int
    var context: RunContext
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let operands = ConvolutionOperands(node)
    guard operands.y.count > 0 else { return }
    let groups = Int(operands.parameters.groups)
    var conv = operands.describe(groups: groups)
    let units = Int(operands.isFloat ? edge_conv_units_f32(&conv) : edge_conv_units(&conv))
    let weights = groupWeights(operands, groups: groups)
    let pixels = operands.y.count / operands.y.dims[3]
    let parts = operands.parts(
      context, units: groups &* units, multiplications: pixels &* weights &* groups)
    let job = Job(
      conv: conv, operands: operands,
      groupWeightBytes: weights &* node.input(1).type.byteCount, units: units, groups: groups,
      parts: parts, context: context)
    context.run(job, parts: parts) { pointer, part, thread in
      guard let job = pointer?.assumingMemoryBound(to: Job.self).pointee else { return }
      let share = share(job.groups &* job.units, part: Int(part), parts: job.parts)
      var begin = share.begin
      while begin < share.end {
        let group = begin / job.units, first = group &* job.units
        let end = min(share.end, first &+ job.units)
        Convolution.convolve(job, group, begin &- first, end &- first, thread)
        begin = end
      }
    }
  }

  /// Units [begin, end) of one group.
  private static func convolve(
    _ job: Job, _ group: Int, _ begin: Int, _ end: Int, _ thread: Int32
  ) {
    var conv = job.conv
    let outputs = group &* Int(conv.out_c)
    let padded = group &* ConvolutionOperands.padded(Int(conv.out_c))
    conv.weights += group &* job.groupWeightBytes
    conv.epilogue.bias = conv.epilogue.bias.map { $0 + padded }
    conv.epilogue.bias_u8 = conv.epilogue.bias_u8.map { $0 + padded }
    conv.epilogue.multiplier = conv.epilogue.multiplier.map { $0 + padded }
    conv.epilogue.bias_f = conv.epilogue.bias_f.map { $0 + padded }
    let outputBytes = outputs &* job.operands.y.type.byteCount
    conv.epilogue.residual = conv.epilogue.residual.map { $0 + outputBytes }
    let inputs = group &* Int(conv.in_c)
    let scratch = job.context.scratch(thread)
    let first = Int32(truncatingIfNeeded: begin), last = Int32(truncatingIfNeeded: end)
    if job.operands.isFloat {
      job.context.kernels.pointee.conv_f32(
        &conv, job.operands.x.float + inputs, job.operands.y.float + outputs, scratch, first, last)
    } else {
      job.context.kernels.pointee.conv_s8(
        &conv, job.operands.x.int8 + inputs, job.operands.y.data + outputBytes, scratch, first,
        last)
    }
  }
}
