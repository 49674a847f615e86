/// Empirical bias correction (T4): adds to each bias the mean difference, by channel, between the reference's result and
/// that of the quantized file, where it is larger than chance.
struct BiasCorrection {
  private static let samples = 64

  private let data: DataSet
  private let bounds: [String: Int]

  init(data: DataSet, bounds: [String: Int]) {
    self.data = data
    self.bounds = bounds
  }

  /// The decisions with corrected biases; nil when nothing is to be corrected.
  func corrected(_ decided: Conversion.Decided) throws -> Conversion.Decided? {
    let emitted = try makeFile(
      graph: decided.graph, quantization: decided.choices.quantization, bounds: bounds, metadata: []
    )
    let file = try LoadedFile(emitted.bytes, name: "candidate")
    var probe = try LayerProbe(graph: decided.reference, file: file)
    for index in 0..<Swift.min(BiasCorrection.samples, data.count) {
      try probe.add(data.sample(index))
    }
    var result = decided
    var count = 0
    let errors = probe.channelErrors
    for (position, node) in decided.graph.nodes.enumerated()
    where decided.choices.nodes[position].precision == .int8 {
      guard case .weighted? = Operator.of(node)?.quantize, let output = node.outputs[0],
        let shift = errors[output],
        shift.contains(where: { $0 != 0 })
      else { continue }
      result.graph.addToBias(of: position, shift)
      count += 1
    }
    return count > 0 ? result : nil
  }
}

extension Graph {
  /// Adds to the bias of a layer, one number an output channel.
  mutating func addToBias(of position: Int, _ shift: [Float]) {
    let node = nodes[position]
    guard node.residualIndex.map({ $0 > 2 }) ?? true else { return }
    guard node.inputs.count > 2, let id = node.inputs[2] else {
      let bias = add(
        Value(
          name: "\(node.name)/bias", type: .float32, shape: [Dimension(shift.count)],
          constant: Tensor(shift, shape: [shift.count])))
      while nodes[position].inputs.count < 3 { nodes[position].inputs.append(nil) }
      nodes[position].inputs[2] = bias
      return
    }
    guard let tensor = self[id].constant, tensor.count == shift.count || tensor.count == 1 else {
      return
    }
    let old = tensor.floats
    var value = self[id]
    value.name += "/corrected\(position)"
    value.constant = Tensor(
      shift.indices.map { old[old.count == 1 ? 0 : $0] + shift[$0] }, shape: [shift.count])
    value.shape = [Dimension(shift.count)]
    nodes[position].inputs[2] = add(value)
  }
}
