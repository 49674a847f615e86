import Foundation
import Testing

@testable import EdgeConvert

@Suite struct ObserverTests {
  /// Sum of |x - Q(x)|^p over the values themselves.
  private func error(_ values: [Float], _ low: Float, _ high: Float) -> Double {
    let parameters = AffineParameters(low: low, high: high)
    return values.reduce(0) {
      $0 + pow(Double(abs($1 - parameters.rounded($1))), Observer.exponent)
    }
  }

  @Test(arguments: [UInt64(1), 2, 3]) func mseRangeIsWithinTwoPercentOfBruteForce(seed: UInt64) {
    var random = SplitMix(seed)
    var values = (0..<50_000).map { _ in random.gaussian() }
    for index in 0..<5 { values[index] = index.isMultiple(of: 2) ? 40 : -40 }
    var histogram = Histogram()
    histogram.add(values)
    let found = Observer.mse.range(of: histogram)
    let fractions = stride(from: 0.80, through: 1.0, by: 0.01).map { Float($0) }
    let costs = fractions.map { error(values, -40 * $0, 40 * $0) }
    let best = costs.indices.min { costs[$0] < costs[$1] } ?? 0
    #expect(abs(found.high - 40 * fractions[best]) <= 0.02 * 40 * fractions[best])
    #expect(abs(found.low + 40 * fractions[best]) <= 0.02 * 40 * fractions[best])
    #expect(error(values, found.low, found.high) <= 1.02 * costs[best])
  }

  @Test func mseFindsEachEndOfASkewedDistribution() {
    var random = SplitMix(5)
    let values = (0..<10_000).map { _ in
      let x = random.gaussian()
      return x < 0 ? x * 0.1 : x * x * x
    }
    var histogram = Histogram()
    histogram.add(values)
    let found = Observer.mse.range(of: histogram)
    let whole = (low: values.min() ?? 0, high: values.max() ?? 0)
    var least = Double.infinity
    for a in stride(from: Float(0.1), through: 1, by: 0.1) {
      for b in stride(from: Float(0.05), through: 1, by: 0.05) {
        least = min(least, error(values, whole.low * a, whole.high * b))
      }
    }
    #expect(error(values, found.low, found.high) <= 1.02 * least)
  }

  @Test func percentileLeavesTheAskedMassOutside() {
    let values = (1...100_000).map { Float($0) / 1000 }
    var histogram = Histogram()
    histogram.add(values)
    let range = Observer.percentile(0.999).range(of: histogram)
    #expect(range.low == 0)
    #expect(abs(range.high - 99.9) < 0.11)
    var both = Histogram()
    both.add(values + values.map { -$0 })
    let symmetric = Observer.percentile(0.999).range(of: both)
    #expect(abs(symmetric.high - 99.9) < 0.2 && abs(symmetric.low + 99.9) < 0.2)
  }

  @Test func autoIsNeverWorseThanMinMax() {
    var random = SplitMix(9)
    for power in 1...4 {
      let values = (0..<20_000).map { _ in Float(pow(Double(random.gaussian()), Double(power))) }
      var histogram = Histogram()
      histogram.add(values)
      let chosen = Observer.auto.range(of: histogram)
      let whole = Observer.minmax.range(of: histogram)
      #expect(
        error(values, chosen.low, chosen.high) <= 1.001 * error(values, whole.low, whole.high))
    }
  }

  @Test func namesAreReadBack() {
    for name in ["auto", "minmax", "mse", "percentile:99.99", "percentile:99.9"] {
      #expect(Observer(name)?.name == name)
    }
    #expect(Observer("percentile") == .percentile(0.9999))
    #expect(Observer("entropy") == nil && Observer("percentile:5") == nil)
  }

  @Test func zeroIsExactAndTheRangeIsKept() {
    for (low, high) in [(0, 1), (-1, 1), (-3, 0.001), (0.5, 7), (-8, -2), (-1e-3, 250)]
      as [(Float, Float)]
    {
      let parameters = AffineParameters(low: low, high: high)
      #expect(parameters.rounded(0) == 0)
      #expect((-128...127).contains(parameters.zeroPoint))
      #expect(parameters.range.upperBound >= max(high, 0) - parameters.scale)
      #expect(parameters.range.lowerBound <= min(low, 0) + parameters.scale)
    }
  }

  /// Entropy calibration clips what is rare, however much it means; that is why `auto` leaves it alone.
  @Test func entropyClipsRarePeaks() {
    var random = SplitMix(3)
    var values = (0..<50_000).map { _ in abs(random.gaussian()) }
    for index in 0..<20 { values[index] = 40 }
    var histogram = Histogram()
    histogram.add(values)
    let found = Observer.kl.range(of: histogram)
    #expect(found.low == 0 && found.high < 20 && found.high > 2)
    #expect(Observer.minmax.range(of: histogram).high == 40)
    #expect(Observer("kl") == .kl && Observer.kl.name == "kl")
  }
}
