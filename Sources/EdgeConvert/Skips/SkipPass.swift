import EdgeFormat
import EdgeRuntime

/// Lets runs of a quantized model skip blocks: finds them, fits what takes their place, orders them by how little they are
/// missed, and certifies how many a run skips unless it says otherwise.
struct SkipPass {
  /// What goes into the file beside the graph, and into the report.
  struct Outcome {
    var certificates: [CertificateRecord] = []
    var report: SkipReport?
    var notes: [String] = []
    var warnings: [ConversionReport.Warning] = []
  }

  private let options: ConversionOptions
  private let bounds: [String: Int]
  private let progress: (Int, Int) -> Void

  /// Calibration samples that maps are fitted to, that order blocks, and that measure where none validate.
  private static let (fittingSamples, orderingSamples, measuredSamples) = (128, 128, 500)
  /// Least part of a run's cost that is worth a choice.
  private static let leastSaving = 0.01
  /// What `auto` lets the last block lose, as answers that change and as 1 - cosine.
  private static let (answerLimit, distanceLimit) = (0.2, 0.1)

  init(
    options: ConversionOptions, bounds: [String: Int], progress: @escaping (Int, Int) -> Void
  ) {
    self.options = options
    self.bounds = bounds
    self.progress = progress
  }

  /// Adds skips to the graph; nil where none are asked for.
  /// - Throws: `ConversionError.usage` where the model does not suit or samples are missing.
  func run(
    _ decided: inout Conversion.Decided, calibration: DataSet?, validation: DataSet?
  ) throws -> Outcome? {
    guard options.skips != .off else { return nil }
    guard let calibration else {
      throw ConversionError.usage("--skips: blocks are ordered by samples; give --calibrate")
    }
    guard decided.graph.states.isEmpty else {
      throw ConversionError.usage(
        "--skips: the model keeps a state from run to run, which a block that is skipped would leave behind"
      )
    }
    let found = SkipCandidates(decided, bounds: bounds)
    var candidates = try saving(found.found(), found)
    guard !candidates.isEmpty else {
      throw ConversionError.usage(
        "--skips: no block of the model gives a value of the shape of what it works on")
    }
    if case .named(let names) = options.skips { candidates = try named(names, candidates) }
    var order = try ordered(candidates, found, calibration)
    guard !order.isEmpty else {
      return Outcome(notes: ["no block can be skipped: each of them is missed too much"])
    }
    // Each map for all the numbers of blocks with which it is used.
    try fit(
      &order,
      order.indices.map { .init(skipped: blockMask($0 + 1), fitted: Set(0...$0)) }, found,
      calibration)
    let plain = decided
    decided = try found.attached(order, usesMaps: true)
    let measured = validation ?? calibration
    let count = validation?.count ?? min(calibration.count, SkipPass.measuredSamples)
    var outcome = Outcome()
    let (report, standard) = try measure(
      order, decided, found, measured, count, validation, &outcome)
    decided.graph.standardSkips = standard
    outcome.report = report
    try file(decided).loaded.requireEqual(to: file(plain).loaded, measured, what: "skips")
    return outcome
  }

  /// The candidates whose absence saves something.
  private func saving(_ candidates: [SkipCandidates.Candidate], _ found: SkipCandidates) throws
    -> [SkipCandidates.Candidate]
  {
    let first = Array(candidates.prefix(64))
    let costs = try costs(found.attached(first, usesMaps: false))
    return first.indices.filter { costs.saved($0) >= SkipPass.leastSaving }.map { first[$0] }
  }

  private func costs(_ decided: Conversion.Decided) throws -> SkipCosts {
    let made = try file(decided)
    return SkipCosts(made.loaded, NodeCost.table(made.emitted.nodes))
  }

  // MARK: Order

  private func named(_ names: [String], _ candidates: [SkipCandidates.Candidate]) throws
    -> [SkipCandidates.Candidate]
  {
    try names.map { name in
      guard let found = candidates.first(where: { $0.name == name }) else {
        throw ConversionError.usage(
          "--skips: no block gives '\(name)'; blocks that can be skipped give "
            + candidates.map(\.name).joined(separator: ", "))
      }
      return found
    }
  }

  /// Fits maps, and lets those go that cost half of their blocks or more.
  private func fit(
    _ candidates: inout [SkipCandidates.Candidate], _ runs: [SkipCandidates.FittingRun],
    _ found: SkipCandidates, _ data: DataSet
  ) throws {
    guard options.fitsBypasses else { return }
    try found.fit(
      &candidates, runs, data, samples: SkipPass.fittingSamples, progress: progress)
    let costs = try costs(found.attached(candidates, usesMaps: true))
    for rank in candidates.indices where costs.saved(rank) < candidates[rank].cost / 2 {
      candidates[rank].map = nil
    }
  }

  /// The candidates in the order of skipping: each time the one that changes answers least, with those before it skipped
  /// and its map fitted to that.
  private func ordered(
    _ given: [SkipCandidates.Candidate], _ found: SkipCandidates, _ data: DataSet
  ) throws -> [SkipCandidates.Candidate] {
    var candidates = given
    var limit = candidates.count
    if case .ordered(let count?) = options.skips { limit = min(count, limit) }
    var order: [Int] = []
    var mask: UInt64 = 0
    while order.count < limit {
      let left = candidates.indices.filter { !order.contains($0) }
      try fit(&candidates, [.init(skipped: mask, fitted: Set(left))], found, data)
      var next = left[0]
      if case .named = options.skips {
        order.append(next)
        mask |= 1 << UInt64(next)
        continue
      }
      let all = try found.attached(candidates, usesMaps: true)
      let trial = try DepthTrial(
        file(all).loaded, all.graph, data, 0..<min(data.count, SkipPass.orderingSamples))
      var least = Double.infinity
      for (done, index) in left.enumerated() {
        let outcomes = try trial.outcomes(skipping: mask | 1 << UInt64(index))
        let distance = outcomes.reduce(0) { $0 + $1.distance }
        if distance < least { (next, least) = (index, distance) }
        progress(done + 1, left.count)
      }
      mask |= 1 << UInt64(next)
      if case .ordered(nil) = options.skips {
        let loss = DepthTrial.loss(try trial.outcomes(skipping: mask))
        let most = trial.countsAnswers ? SkipPass.answerLimit : SkipPass.distanceLimit
        if loss > most { break }
      }
      order.append(next)
    }
    return order.map { candidates[$0] }
  }

  // MARK: Measuring

  private func measure(
    _ order: [SkipCandidates.Candidate], _ decided: Conversion.Decided, _ found: SkipCandidates,
    _ data: DataSet, _ count: Int, _ validation: DataSet?, _ outcome: inout Outcome
  ) throws -> (SkipReport, standard: Int) {
    let made = try file(decided)
    let trial = try DepthTrial(made.loaded, decided.graph, data, 0..<count)
    let hasMaps = order.contains { $0.map != nil }
    let plain =
      try hasMaps
      ? DepthTrial(
        file(found.attached(order, usesMaps: false)).loaded, decided.graph, data, 0..<count) : nil
    let costs = try costs(decided)
    let outcomes = try (0...order.count).map { level in
      progress(level + 1, order.count + 1)
      return try trial.outcomes(skipping: blockMask(level))
    }
    var report = SkipReport(
      levels: try order.indices.map { index in
        SkipReport.Level(
          block: order[index].name, isFitted: order[index].map != nil,
          cost: costs.share(blockMask(index + 1)), loss: DepthTrial.loss(outcomes[index + 1]),
          accuracy: DepthTrial.accuracy(outcomes[index + 1]),
          lossOfIdentity: try plain.map {
            DepthTrial.loss(try $0.outcomes(skipping: blockMask(index + 1)))
          })
      },
      samples: count, isValidated: validation != nil, countsAnswers: trial.countsAnswers,
      fullAccuracy: DepthTrial.accuracy(outcomes[0]), standard: 0)
    guard let validation, trial.countsAnswers else {
      outcome.warnings.append(
        ConversionReport.Warning(
          "runs skip nothing unless they ask for it: how much may be skipped is not certified",
          remedy: validation == nil
            ? "give samples with --validate" : "give labelled samples with --validate"))
      return (report, 0)
    }
    let control = RiskControl(risk: options.risk, confidence: options.confidence)
    let passed = control.lastPassed(of: order.count) { outcomes[$0 + 1].map(\.loss) }
    report.standard = passed.map { $0.index + 1 } ?? 0
    if let passed {
      var record = CertificateRecord(
        control, samples: count, digest: DataSet.digest(of: try validation.digests()))
      record.threshold = Float(report.standard)
      (record.gridFirst, record.gridStep, record.gridCount) = (1, 1, UInt32(order.count))
      record.disagreement = Float(report.levels[passed.index].loss)
      record.pValue = Float(passed.pValue)
      record.saved = Float(1 - report.levels[passed.index].cost)
      report.certificate = CertificateText(record)
      outcome.certificates = [record]
    }
    return (report, report.standard)
  }

  private func file(_ decided: Conversion.Decided) throws -> (
    emitted: EmittedFile, loaded: LoadedFile
  ) {
    try decided.file(bounds: bounds, name: "the model with skips")
  }
}
