import Foundation

/// Searches the fewest layers in float with which a file loses no more than a given part of its answers.
///
/// Layers are ordered by how much noise they take from the outputs for each multiply-accumulate, on calibration samples;
/// validation samples then decide, by bisection, how many of them have to go.
struct AccuracySearch {
  private let graph: Graph
  private let validation: DataSet
  private let bounds: [String: Int]
  private let drop: Double

  init(graph: Graph, validation: DataSet, bounds: [String: Int], drop: Double) {
    self.graph = graph
    self.validation = validation
    self.bounds = bounds
    self.drop = drop
  }

  /// The decisions with as many layers in float as needed.
  /// - Throws: `ConversionError.usage` when not even float layers everywhere stay within the drop.
  func run(_ decided: Conversion.Decided, trial: Trial) throws -> Conversion.Decided {
    var loss = try lost(decided)
    var best = decided
    var count = 0
    if loss > drop {
      let order = try ranked(decided, trial)
      var (low, high) = (0, order.count)
      best = try decided.inFloat(Set(order))
      loss = try lost(best)
      guard loss <= drop else {
        throw ConversionError.usage(
          "--accuracy-drop \(drop): even with every layer in float \(AccuracySearch.text(loss)) is lost"
        )
      }
      while high - low > 1 {
        let middle = (low + high) / 2
        let candidate = try decided.inFloat(Set(order.prefix(middle)))
        let found = try lost(candidate)
        if found <= drop {
          (high, best, loss) = (middle, candidate, found)
        } else {
          low = middle
        }
      }
      count = high
    }
    best.steps.append(
      "\(count) layers in float lose \(AccuracySearch.text(loss)) of \(validation.count) validation samples "
        + "(allowed: \(AccuracySearch.text(drop)))")
    return best
  }

  /// INT8 layers, the one that takes most noise for its multiply-accumulates first.
  private func ranked(_ decided: Conversion.Decided, _ trial: Trial) throws -> [Int] {
    let layers = decided.graph.nodes.indices.filter {
      decided.choices.nodes[$0].precision != .float32
        && Operator.of(decided.graph.nodes[$0])?.quantize.hasWeights == true
    }
    let start = try trial.noise(decided)
    let rates = try layers.map { position in
      (start - (try trial.noise(decided.inFloat([position]))))
        / (1 + PrecisionSearch.cost(decided.graph, position))
    }
    return zip(rates, layers).sorted { ($0.0, $1.1) > ($1.0, $0.1) }.map(\.1)
  }

  /// Part of the right answers that is lost, or of all samples where answers differ when there are no labels; for outputs
  /// that are no vectors of scores, their noise over signal.
  private func lost(_ decided: Conversion.Decided) throws -> Double {
    let emitted = try makeFile(
      graph: decided.graph, quantization: decided.choices.quantization, bounds: bounds, metadata: []
    )
    let file = try LoadedFile(emitted.bytes, name: "candidate")
    let found = try Verifier(graph: graph, data: validation).compare(file)
    if let difference = found.difference { return -difference.points / 100 }
    if let agreement = found.outputs.first?.agreement { return 1 - agreement.fraction }
    return found.outputs.map { pow(10, -($0.sqnr ?? .infinity) / 10) }.max() ?? 0
  }

  private static func text(_ part: Double) -> String { String(format: "%.2f %%", 100 * part) }
}
