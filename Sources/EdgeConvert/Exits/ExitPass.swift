import EdgeFormat

/// Gives a quantized model its exits: fits heads where they are asked for, then chooses criterion and threshold with
/// the file that the decisions make.
struct ExitPass {
  /// What goes into the file beside the graph, and into the report.
  struct Outcome {
    var certificates: [CertificateRecord]
    var report: ExitReport?
    var notes: [String]
    var warnings: [ConversionReport.Warning]
  }

  private let options: ConversionOptions
  private let bounds: [String: Int]
  private let progress: (Conversion.Step, Int, Int) -> Void

  /// Calibration samples that criteria of a model's own exits are compared on.
  private static let sampleLimit = 1000

  init(
    options: ConversionOptions, bounds: [String: Int],
    progress: @escaping (Conversion.Step, Int, Int) -> Void
  ) {
    self.options = options
    self.bounds = bounds
    self.progress = progress
  }

  /// Attaches and sets the exits of the graph; nil without any.
  /// - Throws: `ConversionError.usage` where the model does not suit or samples are missing.
  func run(_ decided: inout Conversion.Decided, calibration: DataSet?, validation: DataSet?) throws
    -> Outcome?
  {
    var notes: [String] = []
    var samples = Array(0..<min(calibration?.count ?? 0, ExitPass.sampleLimit))
    var plain = decided
    plain.graph.exits = []
    switch options.exits {
    case .off: return nil
    case .named: break
    case .fitted(let count):
      guard let calibration else {
        throw ConversionError.usage("--exits: heads are fitted to samples; give --calibrate")
      }
      let heads = try ExitHeads(decided, bounds: bounds, risk: options.risk, seed: options.seed)
      let fitted = try heads.attached(count, calibration) { progress(.fitting, $0, $1) }
      decided = fitted.decided
      samples = fitted.held
      notes += fitted.notes
    }
    guard !decided.graph.exits.isEmpty else {
      return Outcome(certificates: [], report: nil, notes: notes, warnings: [])
    }
    let name = "the model with exits"
    let file = try decided.file(bounds: bounds, name: name)
    let others = try calibration.map { try traces(file.loaded, $0, samples) } ?? []
    let tested = try validation.map { try traces(file.loaded, $0, Array(0..<$0.count)) } ?? []
    let tuning = ExitTuning(
      criterion: options.criterion,
      control: RiskControl(risk: options.risk, confidence: options.confidence),
      costs: ExitCosts(file.loaded, NodeCost.table(file.emitted.nodes)))
    let choice = try tuning.choose(
      decided.graph.exits.map(\.name), fitted: others, validation: tested,
      digest: try validation.map { DataSet.digest(of: try $0.digests()) })
    for index in decided.graph.exits.indices {
      decided.graph.exits[index].criterion = choice.criterion
      decided.graph.exits[index].threshold = choice.threshold
    }
    if let data = validation ?? calibration {
      try decided.file(bounds: bounds, name: name).loaded.requireEqual(
        to: plain.file(bounds: bounds, name: name).loaded, data, what: "exits")
    }
    return Outcome(
      certificates: choice.certificate.map { [$0] } ?? [],
      report: others.isEmpty && tested.isEmpty ? nil : choice.report, notes: notes,
      warnings: warnings(choice, isValidated: validation != nil))
  }

  private func traces(_ file: LoadedFile, _ data: DataSet, _ samples: [Int]) throws -> [ExitTrace] {
    try samples.enumerated().map { done, index in
      progress(.trying, done + 1, samples.count)
      return try ExitTrace(file, data.sample(index))
    }
  }

  private func warnings(_ choice: ExitTuning.Choice, isValidated: Bool)
    -> [ConversionReport.Warning]
  {
    if !isValidated {
      return [
        ConversionReport.Warning(
          "the exits' threshold is a cautious default without a certificate",
          remedy: "give labelled or unlabelled samples with --validate")
      ]
    }
    guard choice.certificate == nil else { return [] }
    return [
      ConversionReport.Warning(
        "no threshold could be certified, so no exit is taken unless a run asks for it",
        remedy:
          "give more samples with --validate (149 at least at the default risk), or a larger --risk"
      )
    ]
  }
}
