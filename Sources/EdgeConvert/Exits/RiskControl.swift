import Foundation

/// Fixed-sequence testing of thresholds: the most that can be risked, with a guarantee (Angelopoulos et al.,
/// "Learn then Test", 2021).
///
/// With probability `confidence` over the draw of the samples, the expected loss at the threshold it passes is at most
/// `risk`, for inputs of the samples' distribution.
struct RiskControl: Sendable {
  var risk: Double
  var confidence: Double

  /// The last position of a sequence of tests, strictest first, that all passed; nil when the first fails.
  ///
  /// Order and tests must not depend on the losses.
  /// - Parameter losses: of every sample, each in 0...1, at a position.
  func lastPassed(of count: Int, losses: (Int) -> [Double]) -> (index: Int, pValue: Double)? {
    var passed: (Int, Double)?
    for index in 0..<count {
      let p = pValue(losses(index))
      guard p <= 1 - confidence else { break }
      passed = (index, p)
    }
    return passed
  }

  /// How probable so little loss is if the expected loss is above the risk: exact for losses of 0 and 1, else the
  /// bound of Hoeffding and Bentkus.
  func pValue(_ losses: [Double]) -> Double {
    let n = losses.count
    guard n > 0 else { return 1 }
    let sum = losses.reduce(0, +)
    if losses.allSatisfy({ $0 == 0 || $0 == 1 }) {
      return RiskControl.binomialTail(n, Int(sum), risk)
    }
    let mean = sum / Double(n)
    let hoeffding = exp(-Double(n) * RiskControl.divergence(min(mean, risk), risk))
    let bentkus = M_E * RiskControl.binomialTail(n, Int(sum.rounded(.up)), risk)
    return min(1, hoeffding, bentkus)
  }

  /// P(Bin(n, p) <= k).
  static func binomialTail(_ n: Int, _ k: Int, _ p: Double) -> Double {
    if k >= n { return 1 }
    if p <= 0 { return 1 }
    if p >= 1 { return 0 }
    var sum = 0.0
    for i in 0...k {
      let (hits, others) = (Double(i), Double(n - i))
      let ways: Double = lgamma(Double(n) + 1) - lgamma(hits + 1) - lgamma(others + 1)
      sum += exp(ways + hits * log(p) + others * log(1 - p))
    }
    return min(sum, 1)
  }

  /// Kullback-Leibler divergence of two coins.
  private static func divergence(_ a: Double, _ b: Double) -> Double {
    func term(_ x: Double, _ y: Double) -> Double { x > 0 ? x * log(x / y) : 0 }
    return term(a, b) + term(1 - a, 1 - b)
  }
}
