/// Applies `CompensatedRounding` to every INT8 layer of a decision.
struct WeightRounding {
  private let samples: [LoadedSample]

  /// - Parameter samples: the calibration samples whose activations weigh the errors.
  init(samples: [LoadedSample]) { self.samples = samples }

  /// The decisions with weights on their grids; the reference graph stays as it is.
  func applied(_ decided: Conversion.Decided) throws -> Conversion.Decided {
    var grams: [Int: InputGram] = [:]
    var readers: [ValueID: [Int]] = [:]
    for (position, node) in decided.graph.nodes.enumerated()
    where decided.choices.nodes[position].precision == .int8 {
      guard case .weighted? = Operator.of(node)?.quantize, let x = node.inputs[0],
        let id = node.inputs[1],
        let weights = decided.graph[id].constant,
        decided.choices.quantization.weightScales[position] != nil,
        let gram = InputGram(node, weights: weights)
      else { continue }
      grams[position] = gram
      readers[x, default: []].append(position)
    }
    let evaluator = try Evaluator(decided.reference)
    for sample in samples {
      _ = try evaluator.run(sample) { id, tensor in
        for position in readers[id] ?? [] { try grams[position]?.add(tensor) }
      }
    }
    var result = decided
    for position in grams.keys.sorted() {
      if let gram = grams[position] { WeightRounding.round(position, gram, &result) }
    }
    return result
  }

  private static func round(_ position: Int, _ gram: InputGram, _ decided: inout Conversion.Decided)
  {
    let node = decided.graph.nodes[position]
    guard let id = node.inputs[1], let tensor = decided.graph[id].constant,
      let scales = decided.choices.quantization.weightScales[position]
    else { return }
    let isColumn = node.op == "Gemm" && (node.int("transB") ?? 0) == 0
    let rows = WeightScales.channels(node, tensor)
    let perGroup = rows.count / gram.groups
    var rounded: [Float] = []
    var found: [Float] = []
    for group in 0..<gram.groups {
      let range = group * perGroup..<(group + 1) * perGroup
      let result = CompensatedRounding.searched(
        rows[range].flatMap { $0 }, scales: Array(scales[range]), gram: gram.sums[group],
        terms: gram.terms)
      rounded += result.weights
      found += result.scales
    }
    decided.choices.quantization.weightScales[position] = found
    if isColumn {
      let byRow = rounded
      for row in rows.indices {
        for k in 0..<gram.terms { rounded[k * rows.count + row] = byRow[row * gram.terms + k] }
      }
    }
    var value = decided.graph[id]
    value.name += "/rounded\(position)"
    value.constant = Tensor(rounded, shape: tensor.shape)
    decided.graph.nodes[position].inputs[1] = decided.graph.add(value)
  }
}
