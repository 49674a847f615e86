/// The distribution of one value of the graph over any number of samples, in constant memory.
///
/// Bins are `2^exponent` wide and lie on a grid through 0, so an edge of a bin is exactly 0. The width is the smallest
/// power of two with which the range seen so far, 0 included, fits `binCount` bins: it does not depend on the order
/// of the samples, and two histograms merge without loss. Exact zeros are counted apart, since every affine
/// quantization represents them exactly. Values that are not finite are counted and otherwise ignored.
public struct Histogram: Sendable, Equatable {
  public static let binCount = 2048
  /// Narrowest bin: still a normal float, so that scales derived from it are.
  private static let minimumExponent = -112

  /// Smallest and largest finite value; +infinity and -infinity while there is none.
  public private(set) var minimum = Float.infinity
  public private(set) var maximum = -Float.infinity
  /// Values equal to 0, not in `counts`.
  public private(set) var zeroCount = 0
  /// NaN and infinite values, not in `counts`.
  public private(set) var nonFiniteCount = 0
  /// Values per bin; empty while every value was 0.
  public private(set) var counts: [Int] = []
  /// Index on the grid of the first bin: bin i holds [(first + i) * width, (first + i + 1) * width).
  public private(set) var first = 0
  private var exponent = Histogram.minimumExponent

  public init() {}

  /// Width of a bin.
  public var width: Double { Double(sign: .plus, exponent: exponent, significand: 1) }

  /// Finite values seen.
  public var count: Int { zeroCount + counts.reduce(0, +) }

  /// The middle of a bin.
  public func center(_ bin: Int) -> Double { (Double(first + bin) + 0.5) * width }

  /// Adds the elements of a tensor.
  ///
  /// O(values) time, no memory that grows.
  public mutating func add(_ values: [Float]) {
    values.withUnsafeBufferPointer { add($0) }
  }

  private mutating func add(_ values: UnsafeBufferPointer<Float>) {
    var low = minimum
    var high = maximum
    for value in values where value.isFinite {
      low = value < low ? value : low
      high = value > high ? value : high
    }
    guard low <= high else {
      nonFiniteCount += values.count
      return
    }
    cover(low, high)
    let inverse = Float(sign: .plus, exponent: -exponent, significand: 1)
    let offset = first
    var zeros = 0
    var odd = 0
    counts.withUnsafeMutableBufferPointer { bins in
      for value in values {
        if value == 0 {
          zeros += 1
        } else if value.isFinite {
          let scaled = value * inverse
          let truncated = Int(scaled)
          bins[truncated - (scaled < Float(truncated) ? 1 : 0) - offset] += 1
        } else {
          odd += 1
        }
      }
    }
    zeroCount += zeros
    nonFiniteCount += odd
  }

  /// Adds all that another histogram has seen.
  public mutating func merge(_ other: Histogram) {
    zeroCount += other.zeroCount
    nonFiniteCount += other.nonFiniteCount
    guard other.minimum <= other.maximum else { return }
    cover(other.minimum, other.maximum, atLeast: other.exponent)
    let shift = exponent - other.exponent
    for (bin, count) in other.counts.enumerated() where count > 0 {
      counts[((other.first + bin) >> shift) - first] += count
    }
  }

  /// Widens the bins and moves the window until [low, high] and all that was counted lie in it.
  private mutating func cover(_ low: Float, _ high: Float, atLeast exponent: Int = minimumExponent)
  {
    minimum = Swift.min(minimum, low)
    maximum = Swift.max(maximum, high)
    var next = Swift.max(self.exponent, exponent)
    while Histogram.span(minimum, maximum, next).count > Histogram.binCount { next += 1 }
    let span = Histogram.span(minimum, maximum, next)
    guard minimum != 0 || maximum != 0 else { return }
    if next == self.exponent, span.lowerBound >= first, span.upperBound < first + counts.count {
      return
    }
    var merged = [Int](repeating: 0, count: Histogram.binCount)
    for (bin, count) in counts.enumerated() where count > 0 {
      merged[((first + bin) >> (next - self.exponent)) - span.lowerBound] += count
    }
    counts = merged
    first = span.lowerBound
    self.exponent = next
  }

  /// Grid indices of the bins that hold the range with 0.
  private static func span(_ low: Float, _ high: Float, _ exponent: Int) -> ClosedRange<Int> {
    let scale = Double(sign: .plus, exponent: -exponent, significand: 1)
    let bottom = (Swift.min(Double(low), 0) * scale).rounded(.down)
    let top = (Swift.max(Double(high), 0) * scale).rounded(.down)
    return Int(Swift.max(bottom, -0x1p60))...Int(Swift.min(top, 0x1p60))
  }
}
