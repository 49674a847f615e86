import EdgeFormat

/// What a threshold does to a set of samples.
public struct OperatingPoint: Codable, Sendable {
  public var threshold: Float
  /// Mean share of answers that differ from the whole model's.
  public var loss: Double
  /// Of labelled samples.
  public var accuracy: Double?
  /// Mean cost of a run over that at full depth.
  public var cost: Double
  /// Runs that leave at each exit; the last goes to the end.
  public var exits: [Int]
  /// Accuracy when as many runs leave at each exit, but any.
  public var randomAccuracy: Double?
  public var randomLoss: Double

  init(_ traces: [ExitTrace], _ costs: ExitCosts, _ criterion: ExitCriterion, _ threshold: Float) {
    self.threshold = threshold
    var exits = [Int](repeating: 0, count: costs.toExit.count)
    var loss = 0.0
    var right = 0
    for trace in traces {
      let exit = trace.exit(criterion, threshold)
      exits[exit] += 1
      loss += trace.loss(at: exit)
      if !trace.areRight.isEmpty, trace.areRight[exit] { right += 1 }
    }
    let count = Double(max(traces.count, 1))
    self.exits = exits
    self.loss = loss / count
    cost = exits.indices.reduce(0) { $0 + Double(exits[$1]) * costs.share(at: $1) } / count
    let labelled = traces.filter { !$0.areRight.isEmpty }
    let shares = exits.map { Double($0) / count }
    randomLoss = shares.indices.reduce(0) { sum, exit in
      sum + shares[exit] * traces.reduce(0) { $0 + $1.loss(at: exit) } / count
    }
    guard labelled.count == traces.count, !traces.isEmpty else { return }
    accuracy = Double(right) / count
    randomAccuracy = shares.indices.reduce(0) { sum, exit in
      sum + shares[exit] * Double(labelled.count { $0.areRight[exit] }) / count
    }
  }
}

/// Thresholds from the strictest on, chosen before any sample is looked at.
struct ThresholdGrid: Sendable {
  let first: Float
  let step: Float
  let count: Int

  /// - Parameter exits: how many the model has: patience counts them.
  init(_ criterion: ExitCriterion, exits: Int) {
    switch criterion {
    case .patience: (first, step, count) = (Float(exits), 1, exits)
    case .confidence, .margin, .entropy, .qExit: (first, step, count) = (0.9975, 0.0025, 399)
    }
  }

  var thresholds: [Float] { (0..<count).map { first - Float($0) * step } }

  /// About `count` of them, for curves.
  func spread(_ count: Int) -> [Float] {
    let all = thresholds
    return (0..<min(count, all.count)).map { all[$0 * all.count / min(count, all.count)] }
  }
}
