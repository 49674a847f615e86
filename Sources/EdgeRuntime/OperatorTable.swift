import CEdgeKernels
import EdgeFormat

/// The operators of the runtime: exhaustive switches, so that an operator without an implementation
/// does not build.
enum OperatorTable {
  /// Throws unless the node's operands, types, sizes and parameters fit together: what `run` then
  /// relies on.
  ///
  /// Called once at validation with the bounds of dynamic axes, and again whenever sizes change. Of
  /// the operands' bytes, only those of tensors in the weights are read.
  static func check(_ node: NodeView) throws(EdgeError) {
    switch node.opCode {
    case .convolution: try Convolution.check(node)
    case .depthwise: try Depthwise.check(node)
    case .matmul: try Matmul.check(node)
    case .attention: try Attention.check(node)
    case .linear: try Linear.check(node)
    case .maxPool, .averagePool: try Pool.check(node)
    case .resizeNearest, .resizeLinear: try Resize.check(node)
    case .gridSample: try GridSample.check(node)
    case .roiAlign: try RoiAlign.check(node)
    case .unary: try Unary.check(node)
    case .lookup: try Lookup.check(node)
    case .binary: try Binary.check(node)
    case .quantize: try Quantize.check(node)
    case .dequantize: try Dequantize.check(node)
    case .cast: try Cast.check(node)
    case .compare: try Compare.check(node)
    case .select: try Select.check(node)
    case .reduce: try Reduce.check(node)
    case .softmax: try Softmax.check(node)
    case .cumulative: try Cumulative.check(node)
    case .normalize: try Normalize.check(node)
    case .argReduce: try ArgReduce.check(node)
    case .transpose: try Transpose.check(node)
    case .concat: try Concat.check(node)
    case .slice: try Slice.check(node)
    case .pad: try Pad.check(node)
    case .copy: try Copy.check(node)
    case .gather: try Gather.check(node)
    case .broadcast: try Broadcast.check(node)
    case .gatherND: try GatherND.check(node)
    case .gatherElements: try GatherElements.check(node)
    case .scatterND: try ScatterND.check(node)
    case .scatterElements: try ScatterElements.check(node)
    case .topK: try TopK.check(node)
    case .keepTokens: try KeepTokens.check(node)
    case .nonZero: try NonZero.check(node)
    case .nonMaxSuppression: try NonMaxSuppression.check(node)
    case .unique: try Unique.check(node)
    case .stft: try STFT.check(node)
    case .lstm, .gru, .rnn: try Recurrent.check(node)
    case .dft: try DFT.check(node)
    case .exit: try Exit.check(node)
    case .skip:
      try node.expect(inputs: 0, required: 0, outputs: 0)
      try node.expectParameters(SkipParameters.self)
    }
  }

  /// Scratch that the node wants, in bytes per thread, at the sizes it has now.
  ///
  /// Equal on every CPU.
  static func workspaceBytes(_ node: NodeView) -> Int {
    switch node.opCode {
    case .convolution: Convolution.workspaceBytes(node)
    case .depthwise: Depthwise.workspaceBytes(node)
    case .matmul: Matmul.workspaceBytes(node)
    case .attention: Attention.workspaceBytes(node)
    case .linear: Linear.workspaceBytes(node)
    case .topK: TopK.workspaceBytes(node)
    case .keepTokens: KeepTokens.workspaceBytes(node)
    case .nonMaxSuppression: NonMaxSuppression.workspaceBytes(node)
    case .unique: Unique.workspaceBytes(node)
    case .stft: STFT.workspaceBytes(node)
    case .lstm, .gru, .rnn: Recurrent.workspaceBytes(node)
    case .dft: DFT.workspaceBytes(node)
    case .exit: Exit.workspaceBytes(node)
    case .maxPool,
      .averagePool,
      .resizeNearest,
      .resizeLinear,
      .gridSample,
      .roiAlign,
      .unary,
      .lookup,
      .binary,
      .quantize,
      .dequantize,
      .cast,
      .compare,
      .select,
      .reduce,
      .softmax,
      .cumulative,
      .normalize,
      .argReduce,
      .transpose,
      .concat,
      .slice,
      .pad,
      .copy,
      .gather,
      .broadcast,
      .gatherND,
      .gatherElements,
      .scatterND,
      .scatterElements,
      .nonZero,
      .skip:
      0
    }
  }

  /// Scratch that the node wants at most, at the sizes it has now and any smaller ones.
  static func largestWorkspaceBytes(_ node: NodeView) -> Int {
    node.opCode == .convolution
      ? Convolution.largestWorkspaceBytes(node) : workspaceBytes(node)
  }

  /// Computes the node's outputs.
  /// - Returns: the size that the node found, when that of its results depends on data
  ///   (`OpCode.findsSize`).
  static func run(_ node: NodeView, _ context: RunContext) throws(EdgeError) -> Int? {
    switch node.opCode {
    case .convolution: Convolution.run(node, context)
    case .depthwise: Depthwise.run(node, context)
    case .matmul: Matmul.run(node, context)
    case .attention: Attention.run(node, context)
    case .linear: Linear.run(node, context)
    case .maxPool, .averagePool: Pool.run(node, context)
    case .resizeNearest, .resizeLinear: Resize.run(node, context)
    case .gridSample: GridSample.run(node, context)
    case .roiAlign: try RoiAlign.run(node, context)
    case .unary: Unary.run(node, context)
    case .lookup: Lookup.run(node, context)
    case .binary: Binary.run(node, context)
    case .quantize: Quantize.run(node, context)
    case .dequantize: Dequantize.run(node, context)
    case .cast: Cast.run(node, context)
    case .compare: Compare.run(node, context)
    case .select: Select.run(node, context)
    case .reduce: Reduce.run(node, context)
    case .softmax: Softmax.run(node, context)
    case .cumulative: Cumulative.run(node, context)
    case .normalize: Normalize.run(node, context)
    case .argReduce: ArgReduce.run(node, context)
    case .transpose: Transpose.run(node, context)
    case .concat: Concat.run(node, context)
    case .slice: Slice.run(node, context)
    case .pad: Pad.run(node, context)
    case .copy: Copy.run(node, context)
    case .gather: try Gather.run(node, context)
    case .broadcast: Broadcast.run(node, context)
    case .gatherND: try GatherND.run(node)
    case .gatherElements: try GatherElements.run(node)
    case .scatterND: try ScatterND.run(node)
    case .scatterElements: try ScatterElements.run(node)
    case .topK: TopK.run(node, context)
    case .keepTokens: KeepTokens.run(node, context)
    case .nonZero: return NonZero.run(node)
    case .nonMaxSuppression: return NonMaxSuppression.run(node, context)
    case .unique: return Unique.run(node, context)
    case .stft: STFT.run(node, context)
    case .lstm, .gru, .rnn: Recurrent.run(node, context)
    case .dft: DFT.run(node, context)
    case .exit, .skip: break
    }
    return nil
  }

  /// Name of the kernel that does the node's work, or of the operator; static, NUL-terminated.
  static func kernelName(
    _ node: NodeView, _ kernels: UnsafePointer<edge_kernels>
  ) -> UnsafePointer<CChar>? {
    let isFloat = node.inputCount > 0 && node.has(0) && node.input(0).type == .float32
    if node.has(node.opCode == .linear ? 8 : 7),
      node.opCode == .convolution || node.opCode == .linear
    {
      return kernels.pointee.sparse_s8_name
    }
    if node.opCode == .convolution {
      return isFloat ? kernels.pointee.conv_f32_name : kernels.pointee.conv_s8_name
    }
    if node.opCode == .depthwise {
      return isFloat ? kernels.pointee.depthwise_f32_name : kernels.pointee.depthwise_s8_name
    }
    // A literal is NUL-terminated, and CChar is as wide as UInt8.
    return UnsafeRawPointer(node.opCode.name.utf8Start).assumingMemoryBound(to: CChar.self)
  }
}
