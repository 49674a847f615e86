import Foundation

/// What calibration samples say of a finished quantization: layer by layer, and how much it hangs on the samples.
struct Diagnosis {
  private static let samples = 8
  /// Layers of which is measured what they cost the outputs.
  private static let candidates = 16
  /// SQNR of a typical channel, in dB, below which a layer is suspicious.
  private static let drowning = 20.0

  private let decided: Conversion.Decided
  private let trial: Trial
  private let noise: Double
  private(set) var layers: LayerNoise

  init(
    _ decided: Conversion.Decided, graph: Graph, data: DataSet, bounds: [String: Int]
  ) throws {
    self.decided = decided
    trial = try Trial(graph: graph, data: data, limit: Diagnosis.samples, bounds: bounds)
    noise = try trial.noise(decided)
    layers = try LayerNoise(decided)
    for sample in trial.samples { try layers.add(sample) }
  }

  /// Of the outputs, in dB; nil when exact.
  var outputSQNR: Double? { Diagnosis.decibel(noise) }

  /// SQNR of the outputs, in dB, with one layer more in float, by position, for the layers that promise most.
  func inFloat() throws -> [Int: Double] {
    var found: [Int: Double] = [:]
    guard noise > 0 else { return found }
    for position in worst() {
      found[position] = Diagnosis.decibel(try trial.noise(decided.inFloat([position]))) ?? .infinity
    }
    return found
  }

  /// The fewest of the suspicious layers that better the outputs most when kept in float together, with what these then
  /// have, in dB; nil when there is no clear gain.
  ///
  /// Layers are suspicious whose typical channel drowns; one alone may gain nothing while its neighbours still do.
  func culprits() throws -> (positions: [Int], sqnr: Double)? {
    let suspects = layers.sums.filter { ($0.value.typicalSQNR ?? .infinity) < Diagnosis.drowning }
      .sorted { ($0.value.typicalSQNR ?? 0, $0.key) < ($1.value.typicalSQNR ?? 0, $1.key) }
      .prefix(Diagnosis.candidates).map(\.key)
    guard !suspects.isEmpty, noise > 0 else { return nil }
    var chosen = suspects
    var least = try trial.noise(decided.inFloat(Set(chosen)))
    guard least < 0.5 * noise else { return nil }
    for position in suspects.reversed() where chosen.count > 1 {
      let fewer = chosen.filter { $0 != position }
      let found = try trial.noise(decided.inFloat(Set(fewer)))
      if found < 1.2 * least { (chosen, least) = (fewer, Swift.min(found, least)) }
    }
    let found = try trial.noise(decided.inFloat(Set(chosen)))
    return (chosen, Diagnosis.decibel(found) ?? .infinity)
  }

  /// How near the ranges and outputs come that each half of the samples gives; nil with fewer than two samples.
  func stability(samples count: Int) throws -> ConversionReport.Stability? {
    guard count > 1, !decided.halves.odd.isEmpty, !decided.choices.values.isEmpty else {
      return nil
    }
    let quantizer = try Quantizer(graph: decided.graph, options: decided.settings)
    let halves = [decided.halves.even, decided.halves.odd].map { histograms in
      quantizer.choose(histograms).values.filter { decided.choices.values[$0.key] != nil }
    }
    var differences: [(difference: Double, value: ValueID)] = []
    for (value, a) in halves[0] {
      guard let b = halves[1][value], decided.graph[value].constant == nil else { continue }
      let extent = Double(Swift.max(a.range.high - a.range.low, b.range.high - b.range.low))
      let apart = Swift.max(abs(a.range.low - b.range.low), abs(a.range.high - b.range.high))
      differences.append((extent > 0 ? Double(apart) / extent : 0, value))
    }
    differences.sort { ($0.difference, $0.value) < ($1.difference, $1.value) }
    guard let largest = differences.last else { return nil }
    let files = halves.map { values in
      var half = decided
      for (value, choice) in values { half.choices.quantization.values[value] = choice.parameters }
      return half
    }
    return ConversionReport.Stability(
      samples: [(count + 1) / 2, count / 2],
      medianDifference: differences[differences.count / 2].difference,
      largestDifference: largest.difference, largestAt: decided.graph[largest.value].name,
      sqnr: Diagnosis.decibel(try trial.noise(files[0], files[1])))
  }

  /// The layers of least SQNR, whole and in their typical channel.
  private func worst() -> [Int] {
    func lowest(_ key: (LayerNoise.Sums) -> Double?) -> [Int] {
      let ordered = layers.sums.sorted { a, b in
        (key(a.value) ?? .infinity, a.key) < (key(b.value) ?? .infinity, b.key)
      }
      return ordered.prefix(Diagnosis.candidates / 2).map(\.key)
    }
    return Set(lowest(\.sqnr) + lowest(\.typicalSQNR)).sorted()
  }

  private static func decibel(_ noise: Double) -> Double? { noise > 0 ? -10 * log10(noise) : nil }
}
