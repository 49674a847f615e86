import Foundation

/// Gives stretches of a network back to float when INT8 cannot follow the reference, cheapest gain first.
///
/// Networks of many thin layers add up rounding until the outputs drown, whatever the ranges. The layers are cut into
/// stretches in order of execution; in each round the stretch whose return to float removes most noise for its
/// multiply-accumulates goes, until the target is met. A network with states is held to less noise: what it decides on
/// a frame stays with it, and recordings differ in how near to the brink that is. So is a convolutional network that answers at
/// many places, such as a detector: each place decides by itself.
struct PrecisionSearch {
  /// Noise over signal of the outputs above which stretches are given back: 23 dB, with answers at many places 29 dB.
  let acceptable: Double
  /// Where giving back ends: 24 dB, with answers at many places 30 dB, with states 40 dB.
  private let target: Double
  private static let manyPlaces = 64
  private static let stretchCount = 12

  private let graph: Graph
  private let stretches: [[Int]]
  private let costs: [Double]

  /// - Parameter choices: the precision of each node so far.
  init(_ graph: Graph, choices: [PrecisionChoice]) {
    self.graph = graph
    let decidesAtPlaces =
      !choices.contains { $0.precision == .dynamic }
      && graph.outputs.contains { graph.places(of: $0) >= PrecisionSearch.manyPlaces }
    acceptable = decidesAtPlaces ? 0.001_26 : 0.005
    target = !graph.states.isEmpty ? 0.0001 : decidesAtPlaces ? 0.001 : 0.004
    let layers = graph.nodes.indices.filter { position in
      switch (choices[position].precision, Operator.of(graph.nodes[position])?.quantize) {
      case (.dynamic, _), (.int8, .weighted), (.int8, .recurrent): return true
      default: return false
      }
    }
    let length = Swift.max(
      1, (layers.count + PrecisionSearch.stretchCount - 1) / PrecisionSearch.stretchCount)
    let stretches = stride(from: 0, to: layers.count, by: length).map { start in
      Array(layers[start..<Swift.min(start + length, layers.count)])
    }
    self.stretches = stretches
    costs = stretches.map { stretch in stretch.reduce(1.0) { $0 + PrecisionSearch.cost(graph, $1) }
    }
  }

  /// The nodes to keep in float.
  /// - Parameters:
  ///   - start: noise with none.
  ///   - noise: measures a set.
  func nodes(start: Double, noise: (Set<Int>) throws -> Double) rethrows -> Set<Int> {
    var chosen: Set<Int> = []
    var open = Array(stretches.indices)
    var least = start
    while least > target, !open.isEmpty {
      var best: (index: Int, noise: Double, score: Double)?
      for index in open {
        let found = try noise(chosen.union(stretches[index]))
        let score = (least - found) / costs[index]
        if score > best?.score ?? -.infinity { best = (index, found, score) }
      }
      guard let best else { break }
      chosen.formUnion(stretches[best.index])
      open.removeAll { $0 == best.index }
      least = best.noise
    }
    return chosen
  }

  /// Multiply-accumulates of a layer, run-time sizes taken as 1.
  static func cost(_ graph: Graph, _ position: Int) -> Double {
    let node = graph.nodes[position]
    guard let output = node.outputs[0], let id = node.inputs[1], let weights = graph[id].constant,
      let shape = graph[output].shape
    else { return 0 }
    let elements = shape.reduce(1) { $0 * ($1.constant ?? 1) }
    let channels = Swift.max(WeightScales.channelCount(node, weights), 1)
    return Double(elements) * Double(weights.count / channels)
  }
}

extension Graph {
  /// At how many places an output answers: those of `[N, places, classes]` or of `[N, classes, H, W]`; 1 for other forms.
  fileprivate func places(of output: ValueID) -> Int {
    guard let sizes = self[output].shape?.map({ $0.constant ?? 1 }) else { return 1 }
    switch sizes.count {
    case 3: return sizes[1]
    case 4: return sizes[2] * sizes[3]
    default: return 1
    }
  }
}
