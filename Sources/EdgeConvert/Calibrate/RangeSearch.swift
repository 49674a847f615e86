import Foundation

/// Expected error of quantizing a distribution to 256 levels over a range, and the range where it is least.
///
/// Values within half a step of 0 become 0 and cost what they are; other values inside the range cost on average
/// ((s/2)^p) / (p + 1), as if they lay evenly between the levels; values outside cost their distance to the end of the
/// range. Exact zeros cost nothing.
struct RangeSearch {
  private let histogram: Histogram
  private let exponent: Double
  /// Bins that are not empty: middle and count, ascending.
  private let points: [(x: Double, count: Double)]
  private let core: Core
  private let nonZero: Double

  init(_ histogram: Histogram, exponent: Double) {
    self.histogram = histogram
    self.exponent = exponent
    points = histogram.counts.indices.compactMap { bin in
      let count = histogram.counts[bin]
      guard count > 0 else { return nil }
      let x = Swift.min(
        Swift.max(histogram.center(bin), Double(histogram.minimum)), Double(histogram.maximum))
      return (x, Double(count))
    }
    core = Core(histogram, exponent)
    nonZero = Double(histogram.counts.reduce(0, +))
  }

  /// Sum over all values of |x - Q(x)|^p.
  func error(low: Double, high: Double) -> Double {
    let above = cost(beyond: high, above: true)
    let below = cost(beyond: low, above: false)
    return combine(low, high, below, above)
  }

  /// The best range: ends in steps of 1 % of what was seen, then of 0.1 % around the best.
  func best() -> ObservedRange {
    let low = Swift.min(Double(histogram.minimum), 0)
    let high = Swift.max(Double(histogram.maximum), 0)
    var found = sweep(
      low, high, low < 0 ? grid(0.05, 1, 95) : [1], high > 0 ? grid(0.05, 1, 95) : [1])
    if found.low < 0.06 || found.high < 0.06 {
      found = sweep(low, high, low < 0 ? logGrid : [1], high > 0 ? logGrid : [1])
    }
    let step = 0.01
    found = sweep(
      low, high, low < 0 ? grid(found.low - step, found.low + step, 20) : [1],
      high > 0 ? grid(found.high - step, found.high + step, 20) : [1])
    return ObservedRange(
      low: Float(found.low * low), high: Float(found.high * high), observer: .mse)
  }

  private func grid(_ from: Double, _ to: Double, _ steps: Int) -> [Double] {
    let values = (0...steps).map { from + (to - from) * Double($0) / Double(steps) }
    return values.filter { $0 > 0 && $0 < 1 + 1e-9 }.map { Swift.min($0, 1) }
  }

  /// For distributions of which 1 % is still many times too wide.
  private var logGrid: [Double] { (0...120).map { pow(0.93, Double($0)) } }

  /// The best pair of fractions of `low` and `high`; ties go to the wider range.
  private func sweep(_ low: Double, _ high: Double, _ lows: [Double], _ highs: [Double]) -> (
    low: Double, high: Double
  ) {
    let below = lows.map { cost(beyond: $0 * low, above: false) }
    let above = highs.map { cost(beyond: $0 * high, above: true) }
    var best = (low: 1.0, high: 1.0)
    var least = Double.infinity
    for (i, a) in lows.enumerated().reversed() {
      for (j, b) in highs.enumerated().reversed() {
        let value = combine(a * low, b * high, below[i], above[j])
        if value < least {
          least = value
          best = (a, b)
        }
      }
    }
    return best
  }

  private func combine(
    _ low: Double, _ high: Double, _ below: (cost: Double, count: Double),
    _ above: (cost: Double, count: Double)
  ) -> Double {
    let step = (high - low) / 255
    let zeroed = core.within(
      Swift.min(step / 2, Swift.max(-low, 0)), Swift.min(step / 2, Swift.max(high, 0)))
    let inside = Swift.max(nonZero - below.count - above.count - zeroed.count, 0)
    return inside * pow(step / 2, exponent) / (exponent + 1) + zeroed.cost + below.cost + above.cost
  }

  /// Error and number of the values beyond one end.
  private func cost(beyond end: Double, above: Bool) -> (cost: Double, count: Double) {
    var cost = 0.0
    var count = 0.0
    let beyond = above ? points.reversed() : points
    for point in beyond {
      let distance = above ? point.x - end : end - point.x
      if distance <= 0 { break }
      cost += point.count * pow(distance, exponent)
      count += point.count
    }
    return (cost, count)
  }
}

/// Sums of |x|^p over the values around 0, values taken as even within their bin.
private struct Core {
  /// Running sums outward from 0, below and above: entry k covers k bins.
  private var below: [(count: Double, cost: Double)] = [(0, 0)]
  private var above: [(count: Double, cost: Double)] = [(0, 0)]
  private let width: Double
  private let power: Double

  init(_ histogram: Histogram, _ exponent: Double) {
    width = histogram.width
    power = exponent + 1
    let zero = -histogram.first
    for bin in histogram.counts.indices.dropFirst(zero) { extend(&above, histogram.counts[bin]) }
    for bin in histogram.counts.indices.prefix(zero).reversed() {
      extend(&below, histogram.counts[bin])
    }
  }

  /// Number and cost of the values in (-left, right).
  func within(_ left: Double, _ right: Double) -> (count: Double, cost: Double) {
    let a = sum(below, left / width)
    let b = sum(above, right / width)
    return (a.count + b.count, (a.cost + b.cost) * pow(width, power - 1))
  }

  private func extend(_ sums: inout [(count: Double, cost: Double)], _ count: Int) {
    let k = Double(sums.count)
    let last = sums[sums.count - 1]
    sums.append(
      (
        last.count + Double(count),
        last.cost + Double(count) * (pow(k, power) - pow(k - 1, power)) / power
      ))
  }

  /// Number and cost, in units of width^p, up to a distance.
  private func sum(_ sums: [(count: Double, cost: Double)], _ bins: Double) -> (
    count: Double, cost: Double
  ) {
    let k = Swift.min(Int(bins), sums.count - 1)
    guard k + 1 < sums.count else { return sums[k] }
    let part = bins - Double(k)
    let count = sums[k + 1].count - sums[k].count
    return (
      sums[k].count + part * count,
      sums[k].cost + count * (pow(bins, power) - pow(Double(k), power)) / power
    )
  }
}
