import EdgeFormat

extension Node {
  /// The operands that an INT8 form of the node reads as activations: positions in `inputs`.
  ///
  /// Weights, biases, shapes and indices are not among them.
  func activationInputs(_ rule: QuantizeRule) -> [Int] {
    switch rule {
    case .float, .dynamic, .recurrent: []
    case .weighted: [0] + (addsCodes ? residualIndex.map { [$0] } ?? [] : [])
    case .table, .rescaled: [0]
    case .binary: [0, 1]
    case .passThrough:
      switch op {
      case "Concat": Array(inputs.indices)
      case "ScatterND", "ScatterElements", "Scatter": [0, 2]
      default: [0]
      }
    }
  }

  /// The activation operands themselves.
  func activations(_ rule: QuantizeRule) -> [ValueID] {
    activationInputs(rule).compactMap { $0 < inputs.count ? inputs[$0] : nil }
  }

  /// Position of the operand that a fused addition reads.
  var residualIndex: Int? { int("edge.residual") }

  /// Whether an INT8 form adds a residual in codes: a matrix product adds it in float, and writes float, since what
  /// runs past the layers of an encoder has channels far larger than the rest.
  var addsCodes: Bool { residualIndex != nil && op != "MatMul" }
}

extension Graph {
  /// Why a weighted node cannot use INT8 weights.
  func weightObstacle(_ node: Node) -> String? {
    guard node.inputs.count > 1, let id = node.inputs[1], let weights = self[id].constant else {
      return "weights are computed at run time"
    }
    if self[id].isReal == false { return "weights are not real-valued" }
    if let x = node.inputs[0], self[x].constant != nil { return "left operand is constant" }
    if node.op != "MatMul", node.inputs.count > 2, node.residualIndex != 2,
      let bias = node.inputs[2],
      self[bias].constant == nil
    {
      return "bias is computed at run time"
    }
    if node.op == "MatMul", weights.shape.count != 2 {
      return "weights have \(weights.shape.count) axes"
    }
    let channels = WeightScales.channelCount(node, weights)
    let terms = channels == 0 ? 0 : weights.count / channels
    return terms > FoldedBias.accumulatorLimit
      ? "sums of \(terms) products may overflow 32 bits" : nil
  }
}

extension QuantizeRule {
  /// Whether the node has constant weights with a scale for each of its channels.
  var hasWeights: Bool {
    switch self {
    case .weighted, .recurrent: true
    case .float, .dynamic, .table, .binary, .rescaled, .passThrough: false
    }
  }
}

extension Value {
  /// Whether the value holds real numbers (of any width).
  var isReal: Bool { type == .float32 || type == .float16 }
}

/// Who makes and who reads each value of a graph.
struct Uses {
  /// Position of the producing node; nil for inputs and constants.
  private(set) var producer: [Int?]
  /// Positions of the reading nodes, ascending, without repetition.
  private(set) var readers: [[Int]]
  /// Whether the graph gives the value out, or keeps it as a state.
  private(set) var isOutput: [Bool]

  init(_ graph: Graph) {
    producer = Array(repeating: nil, count: graph.values.count)
    readers = Array(repeating: [], count: graph.values.count)
    isOutput = Array(repeating: false, count: graph.values.count)
    for (position, node) in graph.nodes.enumerated() {
      for output in node.outputs { if let output { producer[output.index] = position } }
      for input in node.inputs {
        if let input, readers[input.index].last != position {
          readers[input.index].append(position)
        }
      }
    }
    for output in graph.results { isOutput[output.index] = true }
  }
}
