import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// A fully connected layer over float rows whose codes the runtime makes, and the value it computes: the layer's own, or,
  /// when `absorbing`, that of a function of one element that alone reads it.
  mutating func emitLinear(
    _ layer: FilterLayer, absorbing: Bool
  ) throws -> (written: ValueID, y: Stored) {
    var bank = layer.bank
    let factors = quantization.smoothing[position]
    if let factors {
      for index in bank.values.indices { bank.values[index] *= factors[index % bank.channels] }
    }
    let scales = bank.scales(given: layer.scales, bias: nil, inputScale: 1)
    let codes = bank.quantized(scales)
    let sums = (0..<bank.outChannels).map { m in
      codes[m * bank.channels..<(m + 1) * bank.channels].reduce(0) { $0 + Int32($1) }
    }
    let name = graph[layer.target].name
    func vector(_ values: [Float], _ part: String) -> PlanTensorID {
      constant(bank.padded(values), type: .float32, name: "\(name)/\(part)")
    }
    let rows = layer.sourceDims[0] * layer.sourceDims[1] * layer.sourceDims[2]
    let x = try operand(layer.source, .float, order: layer.sourceOrder)
    let (weights, blocks) = weightOperands(
      bank.packed(codes, dilationWidth: 1), of: bank, rows: Array(layer.sourceDims.dropLast()),
      name: name)
    let inputs = [
      view(x.tensor, dims: [rows, layer.sourceDims[3]]),
      weights,
      constant(bank.padded(sums.map { 128 * $0 }), type: .int32, name: name + "/sums"),
      vector(scales, "multiplier"),
      vector(zip(scales, sums).map { Float(Double($0) * Double($1)) }, "offset"),
      vector(layer.bias ?? Array(repeating: 0, count: bank.outChannels), "bias"),
      factors.map { constant($0.map { 1 / $0 }, type: .float32, name: name + "/factor") },
    ]
    let dims = [rows, layer.targetDims[3]]
    let residual = try residualView(layer, .float).map { view($0, dims: dims) }
    var parameters = LinearParameters()
    var target = layer.target
    if let unary = layer.activation.unary {
      parameters.function = unary
    } else if absorbing, residual == nil, let (function, written) = absorbedFunction(target) {
      parameters.function = function
      target = written
    }
    let y = try result(target, order: layer.targetOrder)
    emit(.linear, inputs + [residual] + blocks, [view(y.tensor, dims: dims)], parameters)
    return (target, y)
  }

  /// The float function that alone reads a value, and what it writes.
  private mutating func absorbedFunction(_ value: ValueID) -> (UnaryParameters, ValueID)? {
    guard let next = soleConsumer(of: value), quantization.precision[next] == .float32,
      let written = graph.nodes[next].output(0), storedType(of: written) == .float32,
      let function = UnaryFunction(graph.nodes[next])?.parameters, graph.nodes[next].op != "Clip"
    else { return nil }
    absorbed.insert(next)
    return (function, written)
  }
}
