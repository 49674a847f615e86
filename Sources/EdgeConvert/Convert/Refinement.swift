import Foundation

/// The best quantization so far, and steps that may better it.
///
/// A step stays only when the file it gives has clearly less noise on calibration samples.
struct Refinement {
  private(set) var best: Conversion.Decided
  private(set) var least: Double
  private let trial: Trial
  private let options: ConversionOptions
  private var settings: QuantizationOptions

  /// Starts from decisions made with `settings`.
  init(
    _ start: Conversion.Decided, trial: Trial, options: ConversionOptions,
    settings: QuantizationOptions
  ) throws {
    best = start
    self.trial = trial
    self.options = options
    self.settings = settings
    least = try trial.noise(start)
    best.steps.append("ranges and weights by least expected error: \(Refinement.text(least))")
  }

  /// Takes a candidate when it removes 3 % of the noise.
  @discardableResult
  mutating func offer(_ candidate: Conversion.Decided, _ step: String) throws -> Bool {
    let noise = try trial.noise(candidate)
    guard noise < 0.97 * least else { return false }
    let steps = best.steps + ["\(step): \(Refinement.text(noise))"]
    (best, least) = (candidate, noise)
    best.steps = steps
    return true
  }

  /// Other ways to choose ranges, from the same distributions.
  mutating func tryRanges() throws {
    for (ratio, words) in [(Float(1), "no"), (.infinity, "all")] {
      try tryRanges("\(words) concatenations share the scale of their operands") {
        $0.sharingRatio = ratio
      }
    }
    for observer in [Observer.minmax, .mse] {
      try tryRanges("all ranges by \(observer.name)") { $0.observer = observer }
    }
  }

  private mutating func tryRanges(
    _ step: String, _ change: (inout QuantizationOptions) -> Void
  ) throws {
    var changed = settings
    change(&changed)
    var candidate = best
    candidate.choices = try Quantizer(graph: best.graph, options: changed).choose(best.histograms)
    if try offer(candidate, step) { settings = changed }
  }

  /// Weights and biases that make up for rounding; stretches in float where that is not enough.
  mutating func compensate(_ data: DataSet) throws {
    let plain = (best, least)
    try compensateRounding(data)
    guard least > PrecisionSearch.acceptable else { return }
    let search = PrecisionSearch(plain.0.graph, choices: plain.0.choices.nodes)
    let nodes = try search.nodes(start: plain.1) { try trial.noise(narrowed(plain.0, $0)) }
    var candidate = try narrowed(plain.0, nodes)
    let compensated = best
    candidate.steps = plain.0.steps
    guard try offer(candidate, "\(nodes.count) layers given back to float") else {
      best = compensated
      return
    }
    best.steps = plain.0.steps + best.steps.suffix(1)
    try compensateRounding(data)
  }

  private mutating func compensateRounding(_ data: DataSet) throws {
    try offer(
      WeightRounding(samples: trial.samples).applied(best),
      "weights rounded so that their errors cancel")
    if let corrected = try BiasCorrection(data: data, bounds: options.bounds).corrected(best) {
      try offer(corrected, "biases corrected for the mean error of each channel")
    }
  }

  /// Decisions with more nodes in float and everything else as it is.
  private func narrowed(_ decided: Conversion.Decided, _ nodes: Set<Int>) throws
    -> Conversion.Decided
  {
    var changed = settings
    changed.noisyNodes = nodes
    var result = decided
    result.choices = try Quantizer(graph: decided.graph, options: changed).narrowed(decided.choices)
    return result
  }

  private static func text(_ noise: Double) -> String {
    noise > 0 ? String(format: "output SQNR %.1f dB", -10 * log10(noise)) : "exact"
  }
}
