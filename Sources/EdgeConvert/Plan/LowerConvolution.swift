import EdgeFormat

extension Lowering {
  /// Conv over one or two spatial axes, weights and bias constant, with the fused forms that passes
  /// leave on it.
  static func convolution(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    guard let weights = try lowering.constantInput(node, 1) else {
      throw ConversionError.invalid("node '\(node.name)' (Conv) has no weights")
    }
    let shape = try lowering.shape(of: source)
    let outputShape = try lowering.shape(of: target)
    let rank = weights.shape.count
    guard rank == 3 || rank == 4, shape.count == rank, outputShape.count == rank else {
      throw lowering.unsupported(
        node, "weights of rank \(rank)", remedy: "one or two spatial axes: weights of rank 3 or 4")
    }
    let kernel = Array(weights.shape[2...])
    let bank = FilterBank(
      onnx: weights.floats, outChannels: weights.shape[0], channels: weights.shape[1],
      kernelHeight: rank == 4 ? kernel[0] : 1, kernelWidth: kernel[rank - 3],
      groups: node.int("group") ?? 1)
    let order = AxisOrder.channelsLast(rank)
    var layer = FilterLayer(
      bank: bank, bias: try lowering.biasInput(node), source: source, sourceOrder: order,
      sourceDims: Lowering.imageDims(shape), target: target, targetOrder: order,
      targetDims: Lowering.imageDims(outputShape))
    layer.window = try KernelWindow(
      node, kernel: kernel, input: Array(shape[2...]), output: Array(outputShape[2...]))
    layer.scales = lowering.weightScales
    layer.readEpilogue(node)
    try lowering.emit(layer, of: node)
  }

  /// The constant bias of a layer: input 2, unless that is a fused residual.
  func biasInput(_ node: Node) throws -> [Float]? {
    node.int("edge.residual") == 2 ? nil : try constantInput(node, 2)?.floats
  }

  /// `[N, C, H, W]` or `[N, C, L]` as the kernels see it: `[N, H, W, C]` or `[N, 1, L, C]`.
  static func imageDims(_ shape: [Dimension]) -> [Dimension] {
    shape.count == 4
      ? [shape[0], shape[2], shape[3], shape[1]] : [shape[0], Dimension(1), shape[2], shape[1]]
  }
}
