import Foundation

/// A number of successes among trials, with its uncertainty.
public struct Proportion: Codable, Sendable, Equatable {
  public var count: Int
  public var total: Int
  /// 95 % interval (Wilson's).
  public var low: Double
  public var high: Double

  public init(_ count: Int, of total: Int) {
    self.count = count
    self.total = total
    guard total > 0 else {
      low = 0
      high = 1
      return
    }
    let n = Double(total)
    let p = Double(count) / n
    let z = 1.959964
    let center = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    low = Swift.max(0, center - half)
    high = Swift.min(1, center + half)
  }

  /// The part of successes; 0 without trials.
  public var fraction: Double { total > 0 ? Double(count) / Double(total) : 0 }
}

/// The difference in correct answers between two models on the same samples.
public struct PairedDifference: Codable, Sendable, Equatable {
  /// Samples that only the reference, and only the converted model, answers correctly.
  public var lost: Int
  public var gained: Int
  public var total: Int
  /// Points of accuracy gained, with their 95 % interval.
  public var points: Double
  public var low: Double
  public var high: Double

  /// The interval is the normal one of the paired difference, and with few discordant samples no narrower than what
  /// zero discordant samples of `total` leave open (3 / total).
  public init(lost: Int, gained: Int, total: Int) {
    self.lost = lost
    self.gained = gained
    self.total = total
    let n = Double(Swift.max(total, 1))
    let mean = Double(gained - lost) / n
    let variance = (Double(lost + gained) / n - mean * mean) / n
    let half = Swift.max(
      1.959964 * Swift.max(variance, 0).squareRoot(), lost + gained == 0 ? 3 / n : 0)
    points = 100 * mean
    low = 100 * (mean - half)
    high = 100 * (mean + half)
  }
}
