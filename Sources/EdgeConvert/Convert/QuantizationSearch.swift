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
  ///
  /// A named observer is taken at its word; `auto` searches.
  func run(_ graph: Graph) throws -> Conversion.Decided {
    var settings = QuantizationOptions()
    settings.observer = options.observer
    settings.keepFloat = Set(options.keepFloat)
    let plain = try Quantizer(graph: graph, options: settings)
    let searches = options.observer == .auto
    let passes =
      searches && !Equalization(graph: graph, choices: plain.choices).links.isEmpty ? 2 : 1
    let start = try decided(graph, plain, settings, pass: 0, of: passes)
    guard searches, start.choices.nodes.contains(where: { $0.precision != .float32 }) else {
      return start
    }
    let trial = try Trial(
      graph: graph, data: data, limit: QuantizationSearch.trialSamples, bounds: options.bounds)
    var refinement = try Refinement(start, trial: trial, options: options, settings: settings)
    let inputs = InputEqualization(graph: graph, choices: plain.choices)
    if let evened = inputs.applied(trial.samples) {
      let quantizer = try Quantizer(graph: evened, options: settings)
      try refinement.contend(
        try decided(evened, quantizer, settings, pass: passes - 1, of: passes),
        "channels of inputs evened out")
    }
    let equalization = Equalization(
      graph: refinement.base.graph, choices: refinement.base.choices.nodes)
    if !equalization.links.isEmpty {
      let scaled = equalization.applied(
        try trial.channelStatistics(equalization.links.map(\.value)))
      let quantizer = try Quantizer(graph: scaled, options: settings)
      try refinement.contend(
        try decided(scaled, quantizer, settings, pass: passes - 1, of: passes),
        "channels evened out between \(equalization.links.count) pairs of layers")
    }
    try refinement.smooth()
    if !start.choices.values.isEmpty {
      try refinement.tryRanges()
      try refinement.correctBiases(data)
    }
    guard options.accuracyDrop == nil else { return refinement.best }
    try refinement.giveBack()
    try refinement.giveBackCheap()
    return refinement.best
  }

  private func decided(
    _ graph: Graph, _ quantizer: Quantizer, _ settings: QuantizationOptions, pass: Int,
    of passes: Int
  ) throws -> Conversion.Decided {
    let calibrator = try Calibrator(graph: graph, data: data)
    let halves = try calibrator.halves(of: quantizer.observed) {
      progress(pass * data.count + $0, passes * data.count)
    }
    let histograms = halves.merged
    return Conversion.Decided(
      graph: graph, reference: graph, choices: quantizer.choose(histograms), histograms: histograms,
      halves: halves, settings: settings)
  }
}
