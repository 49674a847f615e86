import Foundation

/// The range whose 128 levels of magnitude lose least information of a distribution.
///
/// As in "8-bit inference with TensorRT" (Migacz, 2017); exact zeros do not count. It clips rare large values, so `auto`
/// never uses it.
struct EntropySearch {
  private static let levels = 128
  private static let step = 16
  private static let smallest = 1e-6

  private let histogram: Histogram
  /// Values by magnitude, in bins of the histogram's width.
  private let magnitudes: [Double]

  init(_ histogram: Histogram) {
    self.histogram = histogram
    var magnitudes = [Double](repeating: 0, count: 2 * Histogram.binCount)
    for (bin, count) in histogram.counts.enumerated() where count > 0 {
      let place = histogram.first + bin
      magnitudes[place >= 0 ? place : -place - 1] += Double(count)
    }
    let used = magnitudes.lastIndex { $0 > 0 }.map { $0 + 1 } ?? 0
    self.magnitudes = Array(magnitudes.prefix(used))
  }

  func best() -> ObservedRange {
    var end = Double(magnitudes.count)
    var least = Double.infinity
    for count in stride(
      from: EntropySearch.levels, through: magnitudes.count, by: EntropySearch.step)
    {
      let lost = divergence(count)
      if lost < least { (least, end) = (lost, Double(count)) }
    }
    let limit = Float(end * histogram.width)
    return ObservedRange(
      low: Swift.max(histogram.minimum, -limit), high: Swift.min(histogram.maximum, limit),
      observer: .kl)
  }

  /// From the first `count` bins, which take up what lies outside, to the same in 128 levels.
  private func divergence(_ count: Int) -> Double {
    var p = Array(magnitudes.prefix(count))
    p[count - 1] += magnitudes.dropFirst(count).reduce(0, +)
    let total = p.reduce(0, +)
    guard total > 0 else { return .infinity }
    var lost = 0.0
    for level in 0..<EntropySearch.levels {
      let bins = level * count / EntropySearch.levels..<(level + 1) * count / EntropySearch.levels
      let full = bins.count { magnitudes[$0] > 0 }
      let mass = bins.reduce(0.0) { $0 + magnitudes[$1] }
      for bin in bins where p[bin] > 0 {
        let q = magnitudes[bin] > 0 && full > 0 ? mass / Double(full) : 0
        lost += p[bin] / total * log(p[bin] / total / Swift.max(q / total, EntropySearch.smallest))
      }
    }
    return lost
  }
}
