import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// Emits a layer in the precision decided for the node being lowered, and defines its target.
  /// - Throws: an obstacle when INT8 sums could overflow; `ConversionError.invalid` when
  ///   quantization is incomplete.
  mutating func emit(_ layer: FilterLayer, of node: Node) throws {
    var inner = layer
    if try !canFuseResidual(layer) {
      inner.residual = nil
      if layer.residualFirst { inner.activation = .none }
      let sum = try emitCore(inner, of: node, floatOutput: true)
      try addResidual(layer, of: node, to: sum)
      return
    }
    if precision == .dynamic {
      let (written, y) = try emitLinear(layer, absorbing: true)
      return define(written, as: y)
    }
    define(layer.target, as: try emitCore(inner, of: node, floatOutput: false))
  }

  private func canFuseResidual(_ layer: FilterLayer) throws -> Bool {
    guard let residual = layer.residual else { return true }
    guard layer.fusesResidual, try shape(of: residual) == shape(of: layer.target) else {
      return false
    }
    let writesFloat = precision != .int8 || quantization.values[layer.target] == nil
    return writesFloat || affine(of: residual) != nil
  }

  /// The parameters under which a value is int8: those decided, else those of a form that exists.
  func affine(of value: ValueID) -> AffineParameters? {
    if let decided = quantization.values[value] { return decided }
    return forms[value]?.lazy.compactMap { self[$0.tensor].affine }.first
  }

  private mutating func emitCore(
    _ layer: FilterLayer, of node: Node, floatOutput: Bool
  ) throws -> Stored {
    switch precision {
    case .float32: try emitFloat(layer)
    case .int8: try emitInt8(layer, of: node, floatOutput: floatOutput)
    case .dynamic: try emitLinear(layer, absorbing: false).y
    }
  }

  private mutating func emitFloat(_ layer: FilterLayer) throws -> Stored {
    let name = graph[layer.target].name
    let x = try operand(layer.source, .float, order: layer.sourceOrder)
    let weights = constant(layer.bank.packedFloat(), type: .float32, name: name + "/weights")
    let zeros = [Float](repeating: 0, count: layer.bank.outChannels)
    let bias = constant(
      layer.bank.padded(layer.bias ?? zeros), type: .float32, name: name + "/bias")
    var parameters = layer.parameters
    switch layer.activation {
    case .none: break
    case .clamp(let low, let high):
      parameters.lowFloat = low
      parameters.highFloat = high
    case .leakyRelu(let slope): parameters.slope = slope
    }
    let residual = try residualView(layer, .float)
    let y = try result(layer.target, order: layer.targetOrder)
    emit(
      layer.bank.isDepthwise ? .depthwise : .convolution,
      [view(x.tensor, dims: layer.sourceDims), weights, bias, nil, nil, residual],
      [view(y.tensor, dims: layer.targetDims)], parameters)
    return y
  }

  mutating func residualView(
    _ layer: FilterLayer, _ representation: Representation
  ) throws -> PlanTensorID? {
    guard let residual = layer.residual else { return nil }
    let stored = try operand(residual, representation, order: layer.targetOrder)
    return view(stored.tensor, dims: layer.targetDims)
  }

  private mutating func emitInt8(
    _ layer: FilterLayer, of node: Node, floatOutput: Bool
  ) throws -> Stored {
    let bank = layer.bank
    guard let input = affine(of: layer.source) else {
      throw ConversionError.invalid(
        "node '\(node.name)' (\(node.op)) is INT8 but its input '\(graph[layer.source].name)' has no scale; "
          + "calibrate it or keep the node in float")
    }
    guard bank.filterCount <= FoldedBias.accumulatorLimit else {
      throw unsupported(
        node,
        "\(bank.filterCount) products a sum; INT8 allows \(FoldedBias.accumulatorLimit) before int32 overflows",
        remedy: "--keep-float \(node.name)")
    }
    let output = floatOutput ? nil : quantization.values[layer.target]
    let scales = bank.scales(given: layer.scales, bias: layer.bias, inputScale: input.scale)
    let codes = bank.quantized(scales, lowest: quantization.isGiven ? -128 : -127)
    let folded = FoldedBias(
      bank, codes: codes, scales: scales, bias: layer.bias, input: input, outputScale: output?.scale
    )
    let name = graph[layer.target].name
    var parameters = layer.parameters
    setClamp(layer.activation, output, &parameters)
    let x = try operand(layer.source, .int8(input), order: layer.sourceOrder)
    let packed = bank.packed(codes, dilationWidth: layer.window.dilation.width)
    let rows = layer.targetDims.dropLast()
    let (weights, blocks) = weightOperands(packed, of: bank, rows: Array(rows), name: name)
    let bias = constant(bank.padded(folded.signed), type: .int32, name: name + "/bias")
    let biasU8 = constant(bank.padded(folded.unsigned), type: .int32, name: name + "/bias_u8")
    let multiplier = constant(
      bank.padded(folded.multiplier), type: .float32, name: name + "/multiplier")
    var residual: PlanTensorID?
    if let value = layer.residual, let affine = affine(of: value), let output {
      residual = try residualView(layer, .int8(affine))
      parameters.residualMultiplier = Float(Double(affine.scale) / Double(output.scale))
    } else {
      residual = try residualView(layer, .float)
    }
    let y = try result(layer.target, affine: output, order: layer.targetOrder)
    emit(
      bank.isDepthwise ? .depthwise : .convolution,
      [view(x.tensor, dims: layer.sourceDims), weights, bias, biasU8, multiplier, residual, nil]
        + blocks,
      [view(y.tensor, dims: layer.targetDims)], parameters)
    return y
  }

  /// Packed INT8 weights, dense or, where that is faster, their blocks that are not zero with two more operands for the end of
  /// the list.
  /// - Parameter rows: sizes whose product is the number of rows; unknown ones count as many.
  mutating func weightOperands(
    _ packed: [Int8], of bank: FilterBank, rows: [Dimension], name: String
  ) -> (weights: PlanTensorID, blocks: [PlanTensorID]) {
    let channels = bank.padded([Int32](repeating: 0, count: bank.outChannels)).count
    let count = rows.reduce(1) { $0 * ($1.constant ?? 64) }
    guard !bank.isDepthwise,
      let blocks = SparseBlocks.faster(
        than: packed, depth: packed.count / (channels * 4), channels: bank.outChannels, rows: count)
    else { return (constant(packed, type: .int8, name: name + "/weights"), []) }
    return (
      constant(blocks.values, type: .int8, name: name + "/weights"),
      [
        constant(blocks.starts, type: .int32, name: name + "/starts"),
        constant(blocks.columns, type: .int16, name: name + "/columns"),
      ]
    )
  }

  private func setClamp(
    _ activation: Epilogue.Activation, _ output: AffineParameters?,
    _ parameters: inout ConvolutionParameters
  ) {
    switch (activation, output) {
    case (.none, _): break
    case (.leakyRelu(let slope), _): parameters.slope = slope
    case (.clamp(let low, let high), let output?):
      parameters.low = output.quantized(Double(low))
      parameters.high = output.quantized(Double(high))
    case (.clamp(let low, let high), nil):
      parameters.lowFloat = low
      parameters.highFloat = high
    }
  }

  /// The residual and what follows it in float, for the forms that the epilogue does not express.
  private mutating func addResidual(_ layer: FilterLayer, of node: Node, to sum: Stored) throws {
    guard let residual = layer.residual else { return }
    guard try shape(of: residual) == shape(of: layer.target) else {
      throw ConversionError.invalid(
        "node '\(node.name)' adds a residual of shape \(try shape(of: residual)) to an output of shape "
          + "\(try shape(of: layer.target)); they must be equal")
    }
    let other = try operand(residual, .float, order: layer.targetOrder)
    var parameters = BinaryParameters()
    parameters.kind = Int32(EDGE_BINARY_ADD)
    var y = try result(layer.target, order: layer.targetOrder)
    emit(.binary, [sum.tensor, other.tensor], [y.tensor], parameters)
    if layer.residualFirst, let unary = layer.activation.unary {
      let activated = try result(layer.target, order: layer.targetOrder)
      emit(.unary, [y.tensor], [activated.tensor], unary)
      y = activated
    }
    define(layer.target, as: y)
  }
}

extension Epilogue.Activation {
  /// The activation as a node of its own; nil when there is none.
  var unary: UnaryParameters? {
    var parameters = UnaryParameters()
    switch self {
    case .none: return nil
    case .clamp(let low, let high):
      parameters.kind = Int32(EDGE_UNARY_CLIP)
      parameters.alpha = low
      parameters.beta = high
    case .leakyRelu(let slope):
      parameters.kind = Int32(EDGE_UNARY_LEAKY_RELU)
      parameters.alpha = slope
    }
    return parameters
  }
}
