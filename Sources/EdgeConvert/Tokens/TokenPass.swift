import EdgeFormat
import EdgeRuntime

/// Measures what leaving tokens does to an encoder, and certifies the part that stays where a run does not say.
struct TokenPass {
  /// What goes into the file beside the graph, and into the report.
  struct Outcome {
    var certificates: [CertificateRecord] = []
    var report: TokenReport?
    var warnings: [ConversionReport.Warning] = []
  }

  let options: ConversionOptions
  let bounds: [String: Int]
  let progress: (Int, Int) -> Void

  /// Parts that are tried, before any sample is looked at; and samples that measure where none validate.
  private static let parts = (8...20).reversed().map { Double($0) / 20 }
  private static let measuredSamples = 500

  /// Sets the part that stays; nil where tokens never leave or exits decide.
  /// - Throws: `ConversionError.usage` where `auto` has no samples to certify with.
  func run(
    _ decided: inout Conversion.Decided, calibration: DataSet?, validation: DataSet?
  ) throws -> Outcome? {
    guard options.tokens != .off else { return nil }
    var asked = 1.0
    if case .part(let part) = options.tokens { asked = part }
    TokenElimination.set(parts(asked), in: &decided.graph)
    guard options.exits == .off, let data = validation ?? calibration else {
      guard options.tokens != .auto else {
        throw ConversionError.usage("--tokens auto certifies a part: give samples with --validate")
      }
      return nil
    }
    let (emitted, file) = try decided.file(
      bounds: bounds, name: "the model with tokens that leave")
    let count = validation?.count ?? min(data.count, TokenPass.measuredSamples)
    let trial = try DepthTrial(file, decided.graph, data, 0..<count)
    var sequence = TokenPass.parts
    if case .part(let part) = options.tokens {
      sequence = sequence.filter { $0 > part } + [part] + sequence.filter { $0 < part }
    }
    var whole: [Double] = []
    var outcomes: [[DepthTrial.Outcome]] = []
    var rows: [TokenReport.Row] = []
    for (index, part) in sequence.enumerated() {
      var costs: [Double] = []
      let found = try trial.outcomes({ $0.tokens = parts(part) }) {
        costs.append(NodeCost.sum(emitted.nodes) { file.fill(of: $0) })
      }
      if index == 0 { whole = costs }
      outcomes.append(found)
      rows.append(
        TokenReport.Row(
          part: part, cost: zip(costs, whole).reduce(0) { $0 + $1.0 / $1.1 } / Double(count),
          loss: DepthTrial.loss(found), accuracy: DepthTrial.accuracy(found)))
      progress(index + 1, sequence.count)
    }
    var outcome = Outcome()
    var report = TokenReport(
      rows: rows, samples: count, isValidated: validation != nil,
      countsAnswers: trial.countsAnswers, standard: asked)
    if let validation, trial.countsAnswers {
      let control = RiskControl(risk: options.risk, confidence: options.confidence)
      let passed = control.lastPassed(of: sequence.count) { outcomes[$0].map(\.loss) }
      if options.tokens == .auto { report.standard = passed.map { sequence[$0.index] } ?? 1 }
      if let passed, report.standard < 1, sequence[passed.index] <= report.standard,
        let row = rows.first(where: { $0.part == report.standard })
      {
        var record = CertificateRecord(
          control, samples: count, digest: DataSet.digest(of: try validation.digests()))
        record.criterion = CertificateRecord.ofTokens
        record.threshold = Float(parts(report.standard)) / Float(allTokens)
        (record.gridFirst, record.gridStep) = (1, 0.05)
        record.gridCount = UInt32(sequence.count)
        record.disagreement = Float(row.loss)
        record.pValue = Float(
          control.pValue(outcomes[sequence.firstIndex(of: row.part) ?? 0].map(\.loss)))
        record.saved = Float(1 - row.cost)
        report.certificate = CertificateText(record)
        outcome.certificates = [record]
      }
    } else if options.tokens == .auto {
      throw ConversionError.usage(
        "--tokens auto certifies that answers stay: give labelled samples with --validate")
    }
    if report.standard < 1, outcome.certificates.isEmpty {
      outcome.warnings.append(
        ConversionReport.Warning(
          "tokens leave without a certificate of how many answers change",
          remedy:
            "give labelled samples with --validate, a larger part with --tokens, or a larger --risk"
        ))
    }
    TokenElimination.set(parts(report.standard), in: &decided.graph)
    outcome.report = report
    return outcome
  }

  private func parts(_ part: Double) -> Int {
    max(1, Int((part * Double(allTokens)).rounded()))
  }
}
