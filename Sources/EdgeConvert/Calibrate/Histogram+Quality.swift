import Foundation

extension Histogram {
  /// Part of the values outside a range, with the precision of a bin.
  func fraction(outside range: ClosedRange<Float>) -> Double {
    guard count > 0 else { return 0 }
    var outside = 0
    for (bin, number) in counts.enumerated() where number > 0 {
      let x = center(bin)
      if x < Double(range.lowerBound) - width / 2 || x > Double(range.upperBound) + width / 2 {
        outside += number
      }
    }
    return Double(outside) / Double(count)
  }

  /// Mean square over mean squared quantization error, in dB; infinite when every value is 0.
  func expectedSQNR(_ parameters: AffineParameters) -> Double {
    var signal = 0.0
    for (bin, number) in counts.enumerated() where number > 0 {
      signal += Double(number) * center(bin) * center(bin)
    }
    let range = parameters.range
    let noise = RangeSearch(self, exponent: 2)
      .error(low: Double(range.lowerBound), high: Double(range.upperBound))
    return noise > 0 ? 10 * log10(signal / noise) : .infinity
  }

  /// Largest magnitude over the 99.99th percentile of magnitudes; 1 when there are no outliers.
  var outlierRatio: Double {
    let magnitudes = counts.enumerated().filter { $0.element > 0 }
      .map { (magnitude: abs(center($0.offset)), count: $0.element) }
      .sorted { $0.magnitude > $1.magnitude }
    guard let largest = magnitudes.first else { return 1 }
    var passed = 0
    for (magnitude, number) in magnitudes {
      passed += number
      if Double(passed) > 1e-4 * Double(count) { return largest.magnitude / magnitude }
    }
    return 1
  }
}
