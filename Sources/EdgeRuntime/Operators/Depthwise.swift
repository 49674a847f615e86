import CEdgeKernels
import EdgeFormat

/// `depthwise`, int8 or float: a convolution with one filter a channel, x `[N, H, W, C]` → y `[N,
/// OH, OW, C]`; `groups` is C.
///
/// Weights packed as `edge_kernels.h` says, vectors padded to 16s.
enum Depthwise {
  static func check(_ node: NodeView) throws(EdgeError) {
    try ConvolutionOperands.check(node)
    let operands = ConvolutionOperands(node)
    try node.expectEqual(operands.x, operands.y, axes: 3..<4)
    guard Int(operands.parameters.groups) == operands.x.dims[3] else {
      throw node.corrupt(
        "depthwise has %0 groups for %1 channels", Int(operands.parameters.groups),
        operands.x.dims[3])
    }
    guard operands.y.count > 0 else { return }
    let padded = ConvolutionOperands.padded(operands.y.dims[3])
    let rows = Int(operands.parameters.kernelHeight)
    let taps = operands.isFloat ? rows : (rows + 3) & ~3
    try operands.checkConstants(
      channels: padded, weights: padded * taps * Int(operands.parameters.kernelWidth))
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    let operands = ConvolutionOperands(node)
    guard operands.y.count > 0 else { return 0 }
    var conv = operands.describe(groups: 1)
    return Int(
      operands.isFloat ? edge_depthwise_scratch_f32(&conv) : edge_depthwise_scratch_s8(&conv))
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let operands = ConvolutionOperands(node)
    guard operands.y.count > 0 else { return }
    var conv = operands.describe(groups: 1)
    let units = Int(
      operands.isFloat ? edge_depthwise_units_f32(&conv) : edge_depthwise_units(&conv))
    let taps = Int(conv.kernel_h) &* Int(conv.kernel_w)
    context.split(
      Job(conv: conv, operands: operands), units: units,
      elements: operands.y.count &* taps
    ) { pointer, part in
      var job = pointer.load(as: Job.self)
      let (begin, end) = part.rows
      if job.operands.isFloat {
        part.kernels.pointee.depthwise_f32(
          &job.conv, job.operands.x.float, job.operands.y.float, part.scratch, begin, end)
      } else {
        part.kernels.pointee.depthwise_s8(
          &job.conv, job.operands.x.int8, job.operands.y.data, part.scratch, begin, end)
      }
    }
  }

  private struct Job {
    var conv: edge_conv
    var operands: ConvolutionOperands
  }
}
