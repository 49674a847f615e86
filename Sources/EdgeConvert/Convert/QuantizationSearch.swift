import Foundation

/// Calibrates a graph and chooses, among several ways to quantize it, the one whose file comes
/// nearest to the float reference on calibration samples.
struct QuantizationSearch {
  /// Samples that candidates are compared on, and that channel statistics are taken from.
  private static let trialSamples = 48

  private let data: DataSet
  private let options: ConversionOptions
  private let progress: (Int, Int) -> Void

  init(data: DataSet, options: ConversionOptions, progress: @escaping (Int, Int) -> Void) {
    self.data = data
    self.options = options
    self.progress = progress
  }

  /// The decisions, with the graph they are for.
  func run(_ graph: Graph) throws -> Conversion.Decided {
    let searches = options.observer == .auto
    let plain = try quantizer(graph, settings)
    let equalization = Equalization(graph: graph, choices: plain.choices)
    let passes = searches && !equalization.links.isEmpty ? 2 : 1
    let histograms = try observe(graph, plain, pass: 0, of: passes)
    var best = Conversion.Decided(
      graph: graph, reference: graph, choices: plain.choose(histograms), histograms: histograms)
    guard searches else { return best }
    let trial = try Trial(
      graph: graph, data: data, limit: QuantizationSearch.trialSamples, bounds: options.bounds)
    var least = try trial.noise(best)
    best.steps.append(
      "ranges and weights by least expected error: \(QuantizationSearch.text(least))")
    func offer(_ candidate: Conversion.Decided, _ step: String) throws {
      let noise = try trial.noise(candidate)
      guard noise < 0.97 * least else { return }
      var accepted = candidate
      accepted.steps.append("\(step): \(QuantizationSearch.text(noise))")
      (best, least) = (accepted, noise)
    }
    if passes == 2 {
      let scaled = equalization.applied(
        try trial.channelStatistics(equalization.links.map(\.value)))
      let quantizer = try self.quantizer(scaled, settings)
      let histograms = try observe(scaled, quantizer, pass: 1, of: passes)
      try offer(
        Conversion.Decided(
          graph: scaled, reference: scaled, choices: quantizer.choose(histograms),
          histograms: histograms, steps: best.steps),
        "channels evened out between \(equalization.links.count) pairs of layers")
    }
    var settings = self.settings
    func offer(_ changed: QuantizationOptions, _ step: String) throws {
      var candidate = best
      candidate.choices = try quantizer(best.graph, changed).choose(best.histograms)
      let before = least
      try offer(candidate, step)
      if least < before { settings = changed }
    }
    for (ratio, words) in [(Float(1), "no"), (.infinity, "all")] {
      var changed = settings
      changed.sharingRatio = ratio
      try offer(changed, "\(words) concatenations share the scale of their operands")
    }
    for observer in [Observer.minmax, .mse] {
      var changed = settings
      changed.observer = observer
      try offer(changed, "all ranges by \(observer.name)")
    }
    try offer(
      WeightRounding(samples: trial.samples).applied(best), "weights rounded so that their errors cancel")
    if let corrected = try BiasCorrection(data: data, bounds: options.bounds).corrected(best) {
      try offer(corrected, "biases corrected for the mean error of each channel")
    }
    return best
  }

  private var settings: QuantizationOptions {
    var settings = QuantizationOptions()
    settings.observer = options.observer
    settings.keepFloat = Set(options.keepFloat)
    return settings
  }

  private func quantizer(_ graph: Graph, _ settings: QuantizationOptions) throws -> Quantizer {
    let rules = graph.nodes.map { Operator.of($0)?.quantize ?? .float }
    return try Quantizer(graph: graph, rules: rules, options: settings)
  }

  private func observe(
    _ graph: Graph, _ quantizer: Quantizer, pass: Int, of passes: Int
  ) throws -> [ValueID: Histogram] {
    try Calibrator(graph: graph, data: data).histograms(of: quantizer.observed) {
      progress(pass * data.count + $0, passes * data.count)
    }
  }

  private static func text(_ noise: Double) -> String {
    noise > 0 ? String(format: "output SQNR %.1f dB", -10 * log10(noise)) : "exact"
  }
}
