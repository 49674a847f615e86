import Foundation

/// The best quantization so far, and steps that may better it.
///
/// A step stays only when the file it gives has clearly less noise on calibration samples.
struct Refinement {
  private(set) var best: Conversion.Decided
  /// `best` before weights were rounded and biases corrected.
  private(set) var base: Conversion.Decided
  private var least: Double
  private let trial: Trial
  private let options: ConversionOptions
  private var settings: QuantizationOptions

  /// Starts from decisions made with `settings`.
  init(
    _ start: Conversion.Decided, trial: Trial, options: ConversionOptions,
    settings: QuantizationOptions
  ) throws {
    self.trial = trial
    self.options = options
    self.settings = settings
    base = start
    least = try trial.noise(start)
    base.steps.append("ranges and weights by least expected error: \(Refinement.text(least))")
    best = base
    try roundWeights()
  }

  /// Offers decisions for another form of the graph, weighed with their weights rounded.
  mutating func contend(_ other: Conversion.Decided, _ step: String) throws {
    var rival = self
    rival.least = try trial.noise(other)
    rival.base = other
    rival.base.steps = base.steps + ["\(step): \(Refinement.text(rival.least))"]
    rival.best = rival.base
    try rival.roundWeights()
    if rival.least < 0.97 * least { self = rival }
  }

  /// Evens out the channels that dynamic layers read.
  mutating func smooth() throws {
    let smoothing = Smoothing(graph: base.graph, choices: base.choices.nodes)
    guard !smoothing.values.isEmpty else { return }
    let factors = smoothing.factors(try trial.peaks(smoothing.values))
    var candidate = base
    candidate.choices.quantization.smoothing = factors
    for (position, factors) in factors {
      guard let id = base.graph.nodes[position].input(1), let weights = base.graph[id].constant
      else { continue }
      let rows = WeightScales.channels(base.graph.nodes[position], weights)
      candidate.choices.quantization.weightScales[position] = rows.map {
        WeightScales.scale(zip($0, factors).map { $0 * $1 }, searching: false)
      }
    }
    try contend(candidate, "inputs of \(factors.count) matrix products evened out by channel")
  }

  /// Tries other ways to choose ranges, from the same distributions.
  ///
  /// Only wider ranges are tried: narrower ones look better on the samples they were fitted to and
  /// clip others.
  mutating func tryRanges() throws {
    for (ratio, words) in [(Float(1), "no"), (.infinity, "all")] {
      try tryRanges("\(words) concatenations share the scale of their operands") {
        $0.sharingRatio = ratio
      }
    }
    try tryRanges("all ranges by minmax") { $0.observer = .minmax }
    try tryRanges("ranges of least mean error to the power of 3") {
      $0.observer = .mse
      $0.errorExponent = 3
    }
  }

  private mutating func tryRanges(
    _ step: String, _ change: (inout QuantizationOptions) -> Void
  ) throws {
    var changed = settings
    change(&changed)
    let choices = try Quantizer(graph: base.graph, options: changed).choose(base.histograms)
    var candidate = best
    candidate.choices.values = choices.values
    candidate.choices.quantization.values = choices.quantization.values
    candidate.settings = changed
    guard try offer(candidate, step) else { return }
    settings = changed
    base.settings = changed
    base.steps += best.steps.suffix(1)
    base.choices.values = choices.values
    base.choices.quantization.values = choices.quantization.values
  }

  /// Corrects biases for the mean error of each channel.
  mutating func correctBiases(_ data: DataSet) throws {
    guard let corrected = try BiasCorrection(data: data, bounds: options.bounds).corrected(best)
    else { return }
    try offer(corrected, "biases corrected for the mean error of each channel")
  }

  /// Gives stretches back to float where all else leaves too much noise.
  mutating func giveBack() throws {
    let search = PrecisionSearch(base.graph, choices: base.choices.nodes)
    guard least > search.acceptable else { return }
    let start = base
    let nodes = try search.nodes(start: try trial.noise(base)) { nodes in
      try trial.noise(try narrowed(start, nodes))
    }
    guard !nodes.isEmpty else { return }
    try contend(try narrowed(start, nodes), "\(nodes.count) layers given back to float")
  }

  /// Gives single layers back to float that add much noise for the little that they compute, such as a first layer whose
  /// inputs no range of 256 steps fits.
  mutating func giveBackCheap() throws {
    guard least > CheapLayers.enough else { return }
    let cheap = try CheapLayers(best, samples: trial.samples)
    var offers: [(position: Int, rate: Double)] = []
    for position in cheap.positions {
      let noise = try trial.noise(best.inFloat([position]))
      let gain = 10 * log10(least / noise)
      let share = cheap.share(try best.inFloat([position]))
      if CheapLayers.isWorth(gain, share) { offers.append((position, gain / share)) }
    }
    var given: [Int] = []
    for offer in offers.sorted(by: { ($0.rate, $1.position) > ($1.rate, $0.position) })
    where least > CheapLayers.enough {
      let candidate = try best.inFloat([offer.position])
      let noise = try trial.noise(candidate)
      let share = cheap.share(candidate)
      guard CheapLayers.isWorth(10 * log10(least / noise), share - cheap.share(best)),
        share < CheapLayers.budget
      else { continue }
      let steps = best.steps
      (best, least) = (candidate, noise)
      best.steps = steps
      given.append(offer.position)
    }
    guard !given.isEmpty else { return }
    let names = given.map { "'\(best.graph.nodes[$0].name)'" }.joined(separator: ", ")
    best.steps.append("little work, much noise: \(names) in float: \(Refinement.text(least))")
  }

  private mutating func roundWeights() throws {
    try offer(
      WeightRounding(samples: trial.samples).applied(best),
      "weights rounded so that their errors cancel")
  }

  /// Takes a candidate when it removes 3 % of the noise.
  @discardableResult
  private mutating func offer(_ candidate: Conversion.Decided, _ step: String) throws -> Bool {
    let noise = try trial.noise(candidate)
    guard noise < 0.97 * least else { return false }
    let steps = best.steps + ["\(step): \(Refinement.text(noise))"]
    (best, least) = (candidate, noise)
    best.steps = steps
    return true
  }

  /// Decisions with more nodes in float and everything else as it is.
  private func narrowed(_ decided: Conversion.Decided, _ nodes: Set<Int>) throws
    -> Conversion.Decided
  {
    var changed = settings
    changed.noisyNodes = nodes
    var result = decided
    result.settings = changed
    result.choices = try Quantizer(graph: decided.graph, options: changed).narrowed(decided.choices)
    return result
  }

  private static func text(_ noise: Double) -> String {
    noise > 0 ? String(format: "output SQNR %.1f dB", -10 * log10(noise)) : "exact"
  }
}
