import Foundation

/// What `dynamic` layers divide their inputs by and multiply their weights by, channel by channel, so that a few large
/// channels do not take the steps of all others (SmoothQuant, arXiv 2211.10438): sqrt(largest input / largest weight),
/// one on average.
struct Smoothing {
  /// Part of the range that goes from inputs to weights, as an exponent.
  private static let strength = 0.5

  private let graph: Graph
  private let layers: [Int: ValueID]

  init(graph: Graph, choices: [PrecisionChoice]) {
    self.graph = graph
    var layers: [Int: ValueID] = [:]
    for (position, node) in graph.nodes.enumerated() where choices[position].precision == .dynamic {
      guard case .weighted? = Operator.of(node)?.quantize, let x = node.input(0) else { continue }
      layers[position] = x
    }
    self.layers = layers
  }

  /// The values whose channels count.
  var values: Set<ValueID> { Set(layers.values) }

  /// Factors by position.
  /// - Parameter peaks: the largest magnitudes of each of `values` by its last axis.
  func factors(_ peaks: [ValueID: [Float]]) -> [Int: [Float]] {
    var result: [Int: [Float]] = [:]
    for (position, value) in layers {
      guard let inputs = peaks[value], let weights = graph.constant(graph.nodes[position], 1),
        weights.count % inputs.count == 0
      else { continue }
      let rows = WeightScales.channels(graph.nodes[position], weights)
      let logarithms = inputs.indices.map { k in
        let heaviest = rows.reduce(0) { max($0, abs($1[k])) }
        return Self.strength * (log(Self.positive(inputs[k])) - log(Self.positive(heaviest)))
      }
      let mean = logarithms.reduce(0, +) / Double(logarithms.count)
      result[position] = logarithms.map { Float(exp($0 - mean)) }
    }
    return result
  }

  private static func positive(_ x: Float) -> Double { max(Double(x), 1e-5) }
}
