import EdgeFormat

/// Chooses the criterion and the threshold of a file's exits.
struct ExitTuning {
  /// What was chosen, and for the report why.
  struct Choice {
    var criterion: ExitCriterion
    var threshold: Float
    var certificate: CertificateRecord?
    var report: ExitReport
  }

  /// The criterion asked for; nil for the one that saves most.
  let criterion: ExitCriterion?
  let control: RiskControl
  let costs: ExitCosts

  /// Thresholds of a model whose exits nobody has validated: strict, without a guarantee.
  static func cautious(_ criterion: ExitCriterion, exits: Int) -> Float {
    switch criterion {
    case .confidence: 0.98
    case .margin: 0.96
    case .entropy: 0.9
    case .patience: Float(max(exits - 1, 1))
    case .qExit: 0.9
    }
  }

  /// - Parameters:
  ///   - names: of the exits.
  ///   - fitted: samples to compare criteria on, none of them validates.
  ///   - validation: samples to test thresholds on, with their digest; empty gives no certificate.
  func choose(
    _ names: [String], fitted: [ExitTrace], validation: [ExitTrace], digest: String?
  ) throws -> Choice {
    let exits = names.count
    let known = ExitCriterion.allCases.filter { criterion in
      (fitted + validation).allSatisfy { $0.certainties.allSatisfy { $0[criterion] != nil } }
        && !(criterion == .patience && exits < 2)
    }
    if let criterion, !known.contains(criterion) {
      throw ConversionError.usage(
        "--criterion \(criterion.name): these exits cannot follow it; they can follow "
          + known.map(\.name).joined(separator: ", "))
    }
    let chosen = criterion ?? best(known, fitted, exits)
    let grid = ThresholdGrid(chosen, exits: exits)
    var threshold = ExitTuning.cautious(chosen, exits: exits)
    var certificate: CertificateRecord?
    if !validation.isEmpty {
      if let passed = pass(grid, chosen, validation) {
        threshold = grid.thresholds[passed.index]
        certificate = record(grid, chosen, passed, validation, digest)
      } else {
        threshold = .infinity
      }
    }
    let measured = validation.isEmpty ? fitted : validation
    let report = ExitReport(
      exits: names.indices.map { exit in
        ExitReport.Exit(
          name: names[exit], cost: costs.share(at: exit), head: costs.heads[exit] / costs.full,
          agreement: 1 - measured.reduce(0) { $0 + $1.losses[exit] }
            / Double(max(measured.count, 1)),
          accuracy: ExitTuning.accuracy(measured, exit))
      },
      samples: measured.count, isValidated: !validation.isEmpty,
      fullAccuracy: ExitTuning.accuracy(measured, exits), worstCost: costs.share(at: exits),
      criterion: chosen.name, threshold: threshold.isFinite ? threshold : nil,
      certificate: certificate.map(CertificateText.init),
      curves: known.map { criterion in
        ExitReport.Curve(
          criterion: criterion.name,
          points: ThresholdGrid(criterion, exits: exits).spread(40).map {
            OperatingPoint(measured, costs, criterion, $0)
          })
      },
      chosen: OperatingPoint(measured, costs, chosen, threshold))
    return Choice(
      criterion: chosen, threshold: threshold, certificate: certificate, report: report)
  }

  /// The criterion that saves most where its threshold would pass on samples other than those that validate.
  private func best(_ known: [ExitCriterion], _ traces: [ExitTrace], _ exits: Int) -> ExitCriterion
  {
    guard !traces.isEmpty else { return .confidence }
    let costs = known.map { criterion -> Double in
      let grid = ThresholdGrid(criterion, exits: exits)
      let at = grid.thresholds.map { OperatingPoint(traces, self.costs, criterion, $0) }
      return at.prefix { $0.loss <= control.risk * 0.75 }.last?.cost ?? 1
    }
    let index = costs.indices.min { costs[$0] < costs[$1] } ?? 0
    return known[index]
  }

  private func pass(_ grid: ThresholdGrid, _ criterion: ExitCriterion, _ traces: [ExitTrace])
    -> (index: Int, pValue: Double)?
  {
    let thresholds = grid.thresholds
    return control.lastPassed(of: grid.count) { index in
      traces.map { $0.loss(at: $0.exit(criterion, thresholds[index])) }
    }
  }

  private func record(
    _ grid: ThresholdGrid, _ criterion: ExitCriterion, _ passed: (index: Int, pValue: Double),
    _ traces: [ExitTrace], _ digest: String?
  ) -> CertificateRecord {
    var record = CertificateRecord(control, samples: traces.count, digest: digest)
    let point = OperatingPoint(traces, costs, criterion, grid.thresholds[passed.index])
    record.criterion = criterion.rawValue
    record.threshold = point.threshold
    record.gridFirst = grid.first
    record.gridStep = grid.step
    record.gridCount = UInt32(grid.count)
    record.disagreement = Float(point.loss)
    record.pValue = Float(passed.pValue)
    record.saved = Float(1 - point.cost)
    return record
  }

  private static func accuracy(_ traces: [ExitTrace], _ exit: Int) -> Double? {
    guard !traces.isEmpty, traces.allSatisfy({ !$0.areRight.isEmpty }) else { return nil }
    return Double(traces.count { $0.areRight[exit] }) / Double(traces.count)
  }
}

extension CertificateRecord {
  /// What is certified on samples with this SHA-256, in hexadecimal.
  init(_ control: RiskControl, samples: Int, digest: String?) {
    self.init()
    risk = Float(control.risk)
    confidence = Float(control.confidence)
    self.samples = UInt32(samples)
    let words = (0..<4).map { word -> UInt64 in
      let text = (digest ?? "").dropFirst(16 * word).prefix(16)
      return (UInt64(text, radix: 16) ?? 0).byteSwapped
    }
    (data0, data1, data2, data3) = (words[0], words[1], words[2], words[3])
  }
}

extension ExitCriterion {
  /// As options and reports call it.
  public var name: String {
    switch self {
    case .confidence: "confidence"
    case .margin: "margin"
    case .entropy: "entropy"
    case .patience: "patience"
    case .qExit: "q-exit"
    }
  }

  /// The criterion of a name.
  public init?(name: String) {
    guard let found = ExitCriterion.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}
