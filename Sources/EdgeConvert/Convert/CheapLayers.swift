/// INT8 layers that may be worth their time in float: the first and the last, and those that add most noise by themselves.
struct CheapLayers {
  /// Noise over signal of the outputs below which nothing more is given back: 40 dB.
  static let enough = 1e-4
  /// Part of the network's work that may be given back.
  static let budget = 0.15
  /// Decibels that the outputs must gain, and for each hundredth of the work.
  private static let leastGain = 0.3
  private static let gainPerHundredth = 0.25
  private static let noisiest = 12
  /// Samples that noise is looked at on.
  private static let samples = 4
  /// Multiply-accumulates that moving or adding one element in float counts as.
  private static let movement = 8.0

  let positions: [Int]
  private let work: [Double]
  private let start: [Precision]

  init(_ decided: Conversion.Decided, samples: [LoadedSample]) throws {
    let graph = decided.graph
    start = decided.choices.nodes.map(\.precision)
    work = graph.nodes.indices.map { CheapLayers.work(graph, $0) }
    let layers = graph.nodes.indices.filter { position in
      guard decided.choices.nodes[position].precision == .int8,
        case .weighted? = Operator.of(graph.nodes[position])?.quantize
      else { return false }
      return true
    }
    var noise = try LayerNoise(decided)
    for sample in samples.prefix(CheapLayers.samples) { try noise.add(sample) }
    let ordered = layers.sorted {
      (noise.sums[$0]?.sqnr ?? .infinity, $0) < (noise.sums[$1]?.sqnr ?? .infinity, $1)
    }
    let uses = Uses(graph)
    let ends = layers.filter { position in
      let node = graph.nodes[position]
      return node.input(0).map { uses.producer[$0.index] == nil } ?? false
        || node.outputs[0].map { uses.isOutput[$0.index] } ?? false
    }
    positions = Set(ends + ordered.prefix(CheapLayers.noisiest)).sorted()
  }

  /// Part of the work that decisions have moved from INT8 to float.
  func share(_ decided: Conversion.Decided) -> Double {
    let moved = work.indices.reduce(0.0) { sum, position in
      let isMoved =
        start[position] != .float32 && decided.choices.nodes[position].precision == .float32
      return isMoved ? sum + work[position] : sum
    }
    return moved / Swift.max(work.reduce(0, +), 1)
  }

  /// Whether a gain in decibels pays for a part of the work.
  static func isWorth(_ gain: Double, _ share: Double) -> Bool {
    gain >= leastGain && gain >= gainPerHundredth * 100 * share
  }

  /// Multiply-accumulates, or as many as moving the results counts as.
  private static func work(_ graph: Graph, _ position: Int) -> Double {
    let node = graph.nodes[position]
    if Operator.of(node)?.quantize.hasWeights == true {
      return PrecisionSearch.cost(graph, position)
    }
    guard let input = node.input(0), let shape = graph[input].shape else { return 0 }
    return movement * Double(shape.reduce(1) { $0 * ($1.constant ?? 1) })
  }
}

extension Conversion.Decided {
  /// The decisions with more nodes in float, with the weights and biases of the reference.
  func inFloat(_ positions: Set<Int>) throws -> Conversion.Decided {
    var result = self
    result.settings.noisyNodes.formUnion(positions)
    for position in positions {
      result.graph.nodes[position].inputs = reference.nodes[position].inputs
    }
    result.choices = try Quantizer(graph: result.graph, options: result.settings).narrowed(choices)
    return result
  }
}
