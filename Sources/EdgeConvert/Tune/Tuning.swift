import EdgeFormat
import Foundation

/// Converts a model in several ways and takes the one that costs least of those that answer well enough.
///
/// Ways are compared on every other validation sample, timed on this machine; thresholds are certified, and the way that is
/// taken is measured, on the others, which have chosen nothing.
public struct Tuning {
  /// What is to be small.
  public enum Goal: String, Sendable, CaseIterable {
    case latency
    case size
  }

  /// One way of converting.
  private struct Way {
    var name: String
    var options: ConversionOptions
    var family: Family
  }

  private enum Family {
    case precision, sparsity, adaptive
  }

  /// A way and what came of it.
  private struct Tried {
    var way: Way
    var result: Conversion.Result
    var file: LoadedFile
    var row: TuningReport.Row
  }

  private let options: ConversionOptions
  private let goal: Goal
  private let drop: Double
  private let progress: (Conversion.Step, Int, Int) -> Void
  private let announce: (String) -> Void

  /// - Parameters:
  ///   - options: calibration and validation samples among them; exits are those to try.
  ///   - drop: part of the answers that may be lost.
  ///   - announce: called with the name of each way before it is tried.
  public init(
    _ options: ConversionOptions, goal: Goal, drop: Double,
    progress: @escaping (Conversion.Step, Int, Int) -> Void, announce: @escaping (String) -> Void
  ) {
    self.options = options
    self.goal = goal
    self.drop = drop
    self.progress = progress
    self.announce = announce
  }

  /// Tries all ways.
  /// - Returns: the file and report of the one taken, the others listed in `report.tuning`.
  /// - Throws: `ConversionError` of the float conversion, without which nothing can be judged.
  public func run() throws -> Conversion.Result {
    var judge: TuningJudge?
    var tried: [Tried] = []
    var refused: [TuningReport.Row] = []
    func attempt(_ way: Way) throws {
      announce(way.name)
      do {
        let result = try Conversion(way.options, progress: progress).run()
        if judge == nil { judge = try TuningJudge(result.bytes, way.options) }
        guard let judge else { return }
        let file = try LoadedFile(result.bytes, name: way.name)
        tried.append(
          Tried(
            way: way, result: result, file: file,
            row: try judge.row(way.name, file, bytes: result.bytes.count, drop: drop)))
      } catch let error as ConversionError where judge != nil {
        refused.append(TuningReport.Row(name: way.name, refusal: error.firstLine))
      }
    }
    for way in ways { try attempt(way) }
    try time(&tried, judge)
    if let both = combined(tried) {
      try attempt(both)
      try time(&tried, judge)
    }
    let good = tried.indices.filter { tried[$0].row.isWithin }
    // Float loses nothing against itself.
    let chosen = good.min { cost(tried[$0].row) < cost(tried[$1].row) } ?? 0
    var result = tried[chosen].result
    result.report.tuning = TuningReport(
      goal: goal.rawValue, drop: drop, samples: judge?.count ?? 0, measure: judge?.measure ?? "",
      rows: tried.map(\.row) + refused, chosen: tried[chosen].way.name)
    return result
  }

  /// Times all files in turns.
  private func time(_ tried: inout [Tried], _ judge: TuningJudge?) throws {
    announce("all of them in turns, for their times")
    let times = try judge?.milliseconds(tried.map(\.file)) ?? []
    for (index, time) in times.enumerated() { tried[index].row.milliseconds = time }
  }

  private func cost(_ row: TuningReport.Row) -> Double {
    goal == .latency ? row.milliseconds ?? .infinity : Double(row.bytes ?? .max)
  }

  /// Float first, which the others are compared with.
  private var ways: [Way] {
    func way(_ name: String, _ family: Family, _ change: (inout ConversionOptions) -> Void) -> Way {
      var changed = options
      changed.validationPart = .odd
      changed.accuracyDrop = nil
      changed.exits = .off
      changed.skips = .off
      changed.tokens = .off
      changed.sparsity = 0
      change(&changed)
      return Way(name: name, options: changed, family: family)
    }
    return [
      way("float", .precision) { $0.precision = .float32 },
      way("INT8", .precision) { _ in },
      way("INT8, float where it loses most", .precision) { $0.accuracyDrop = drop },
    ]
      + [0.3, 0.5, 0.7].map { (part: Double) in
        way("INT8, \(Int(100 * part)) % sparse", .sparsity) { $0.sparsity = part }
      } + [
        way("INT8, exits", .adaptive) {
          $0.exits = options.exits == .off ? .fitted(nil) : options.exits
        },
        way("INT8, skips", .adaptive) { $0.skips = .ordered(nil) },
        way("INT8, tokens", .adaptive) { $0.tokens = .auto },
      ]
  }

  /// The best sparsity and the best of what adapts to the input, together; nil unless each is worth it alone.
  private func combined(_ tried: [Tried]) -> Way? {
    let plain = tried.filter { $0.way.family == .precision }.map { cost($0.row) }.min() ?? 0
    func best(_ family: Family) -> Way? {
      let good = tried.filter {
        $0.way.family == family && $0.row.isWithin && cost($0.row) < plain
      }
      return good.min { cost($0.row) < cost($1.row) }?.way
    }
    guard let sparse = best(.sparsity), var both = best(.adaptive) else { return nil }
    both.options.sparsity = sparse.options.sparsity
    both.name = sparse.name + both.name.dropFirst("INT8".count)
    return both
  }
}

extension ConversionError {
  /// The first of what is wrong.
  var firstLine: String {
    switch self {
    case .obstacles(let obstacles): obstacles.first.map { "\($0.node): \($0.problem)" } ?? ""
    case .invalid(let text), .usage(let text): text
    }
  }
}
