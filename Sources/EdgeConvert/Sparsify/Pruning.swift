import Foundation

/// `--sparsity`: prunes the layers of a float graph to blocks, without retraining.
///
/// Depthwise and grouped convolutions, the first and the last layer, and rows that are no multiple of 4 stay dense.
struct Pruning {
  /// Samples whose activations weigh the errors.
  static let sampleLimit = 128
  /// Outputs of a block: the shape that runs fastest.
  private static let blockOutputs = 4

  /// One pruned layer.
  struct Layer: Sendable {
    var name: String
    /// Energy of the change of its results over theirs.
    var loss: Double
  }

  private let graph: Graph
  private let sparsity: Double

  /// - Parameter sparsity: part of each layer's blocks that goes, 0 to 0.95.
  init(graph: Graph, sparsity: Double) {
    self.graph = graph
    self.sparsity = sparsity
  }

  /// The graph with pruned weights, and what that did to each layer.
  func applied(_ data: DataSet) throws -> (graph: Graph, layers: [Layer]) {
    var grams: [Int: InputGram] = [:]
    var readers: [ValueID: [Int]] = [:]
    for position in candidates {
      let node = graph.nodes[position]
      guard let x = node.inputs[0], let id = node.inputs[1], let weights = graph[id].constant,
        let gram = InputGram(node, weights: weights, coversProducts: true)
      else { continue }
      grams[position] = gram
      readers[x, default: []].append(position)
    }
    let evaluator = try Evaluator(graph)
    let count = Swift.min(Pruning.sampleLimit, data.count)
    for index in 0..<count {
      _ = try evaluator.run(try data.sample(index * data.count / count)) { id, tensor in
        for position in readers[id] ?? [] { try grams[position]?.add(tensor) }
      }
    }
    var result = graph
    var layers: [Layer] = []
    for position in grams.keys.sorted() {
      if let gram = grams[position], let layer = prune(position, gram, &result) {
        layers.append(layer)
      }
    }
    return (result, layers)
  }

  /// Layers with weights of their own but the first and the last.
  private var candidates: [Int] {
    let weighted = graph.nodes.indices.filter { position in
      let node = graph.nodes[position]
      guard let rule = Operator.of(node)?.quantize, rule.hasWeights, node.inputs.count > 1,
        let id = node.inputs[1]
      else { return false }
      return graph[id].constant != nil
    }
    return weighted.dropFirst().dropLast().filter { (graph.nodes[$0].int("group") ?? 1) == 1 }
  }

  private func prune(_ position: Int, _ gram: InputGram, _ result: inout Graph) -> Layer? {
    let node = graph.nodes[position]
    guard let id = node.inputs[1], let tensor = graph[id].constant, let moments = gram.sums.first
    else { return nil }
    // Blocks are 4 neighbours of a row as it is stored: channels innermost.
    let window = tensor.shape.count == 4 ? tensor.shape[2] * tensor.shape[3] : 1
    let channels = gram.terms / window, terms = gram.terms
    guard channels % 4 == 0 else { return nil }
    let order = (0..<terms).map { $0 % channels * window + $0 / channels }
    let sorted = order.flatMap { i in order.map { moments[i * terms + $0] } }
    guard
      let pruning = BlockPruning(gram: sorted, terms: terms, outputs: Pruning.blockOutputs)
    else { return nil }
    let rows = WeightScales.channels(node, tensor)
    let weights = rows.flatMap { row in order.map { row[$0] } }
    let pruned = pruning.pruned(weights, sparsity: sparsity)
    let isColumn = WeightScales.axis(node) == 1
    var values = tensor.floats
    for row in rows.indices {
      for k in 0..<terms {
        values[isColumn ? order[k] * rows.count + row : row * terms + order[k]] =
          pruned[row * terms + k]
      }
    }
    var value = graph[id]
    value.name += "/pruned\(position)"
    value.constant = Tensor(values, shape: tensor.shape)
    result.nodes[position].inputs[1] = result.add(value)
    return Layer(name: node.name, loss: pruning.loss(pruned, of: weights))
  }

  /// What the report says of pruned layers.
  func note(_ layers: [Layer]) -> String {
    let losses = layers.map { 100 * $0.loss }.sorted()
    guard let least = losses.first, let most = losses.last else {
      return "no layer can be pruned"
    }
    return String(
      format: "%.0f %% of the 4x%d blocks of %d layers pruned, "
        + "which changes their results by %.2g ... %.2g %% of their energy",
      100 * sparsity, Pruning.blockOutputs, layers.count, least, most)
  }

  /// A warning where the file has lost too much, by what was measured on `data`.
  static func warning(_ measured: AccuracyComparison, data: String) -> ConversionReport.Warning? {
    let points = measured.difference.map { -$0.points } ?? 0
    let changed = measured.outputs.compactMap { $0.agreement }.map { 100 * (1 - $0.fraction) }.max()
    let noise = measured.outputs.compactMap(\.sqnr).min() ?? .infinity
    let text =
      points > 1
      ? String(format: "pruning and quantization lose %.1f points of accuracy", points)
      : changed ?? 0 > 3
        ? String(format: "pruning and quantization change %.1f %% of the answers", changed ?? 0)
        : changed == nil && noise < 15
          ? String(format: "pruning and quantization leave an output SQNR of %.1f dB", noise) : nil
    return text.map {
      ConversionReport.Warning(
        "\($0) on \(data)",
        remedy: "give a lower --sparsity, or convert a model that was trained sparse")
    }
  }
}
