import Foundation

/// How the range of a value is chosen from its histogram.
public enum Observer: Sendable, Equatable, Hashable {
  /// Per tensor the one with the least error of those below; see `chooseRange`.
  case auto
  /// Smallest to largest value seen.
  case minmax
  /// The smallest interval that leaves (1 - fraction) / 2 of the mass outside on each side; all of it above when the
  /// value is never negative, below when never positive. Exact zeros count as mass.
  case percentile(Double)
  /// The interval of least expected error |x - Q(x)|^p, both ends searched.
  case mse
  /// The interval of least information lost (Kullback-Leibler), as TensorRT and others calibrate by "entropy".
  case kl

  /// Reads `auto`, `minmax`, `mse`, `kl`, `percentile` (99.99) or `percentile:99.9`; nil for anything else.
  public init?(_ text: String) {
    switch text {
    case "auto": self = .auto
    case "minmax": self = .minmax
    case "mse": self = .mse
    case "kl": self = .kl
    case "percentile": self = .percentile(0.9999)
    default:
      let prefix = "percentile:"
      guard text.hasPrefix(prefix), let percent = Double(text.dropFirst(prefix.count)),
        percent > 50,
        percent <= 100
      else { return nil }
      self = .percentile(percent / 100)
    }
  }

  /// As on the command line.
  public var name: String {
    switch self {
    case .auto: "auto"
    case .minmax: "minmax"
    case .mse: "mse"
    case .kl: "kl"
    case .percentile(let fraction): "percentile:\(Double((fraction * 1e7).rounded()) / 1e5)"
    }
  }
}

/// A range and how it came about.
public struct ObservedRange: Sendable, Equatable {
  /// Contains 0.
  public var low: Float
  public var high: Float
  public var observer: Observer

  public init(low: Float, high: Float, observer: Observer) {
    self.low = Swift.min(low, 0)
    self.high = Swift.max(high, 0)
    self.observer = observer
  }
}

extension Observer {
  /// Exponent that `mse` and `auto` start from: above 2, since clipped peaks cost more than their square.
  public static let exponent = 2.4

  /// The range for a value with this distribution; [0, 0] for one that was never seen.
  ///
  /// - Parameter exponent: of the error that `mse` and `auto` minimise.
  public func range(
    of histogram: Histogram, exponent: Double = Observer.exponent
  ) -> ObservedRange {
    guard histogram.minimum <= histogram.maximum else {
      return ObservedRange(low: 0, high: 0, observer: self)
    }
    switch self {
    case .minmax:
      return ObservedRange(low: histogram.minimum, high: histogram.maximum, observer: self)
    case .percentile(let fraction):
      return Observer.percentileRange(histogram, fraction)
    case .mse:
      return RangeSearch(histogram, exponent: exponent).best()
    case .kl:
      return EntropySearch(histogram).best()
    case .auto:
      return Observer.chooseRange(histogram, exponent)
    }
  }

  /// The best of all observers by expected error, min-max where nothing is gained: a range that is narrower than what
  /// was seen must earn it, because unseen data reach further.
  private static func chooseRange(
    _ histogram: Histogram, _ exponent: Double
  ) -> ObservedRange {
    let whole = Observer.minmax.range(of: histogram)
    let search = Observer.mse.range(of: histogram, exponent: exponent)
    let gauge = RangeSearch(histogram, exponent: exponent)
    let gain =
      gauge.error(low: Double(search.low), high: Double(search.high))
      / gauge.error(low: Double(whole.low), high: Double(whole.high))
    return gain < 0.98 ? search : whole
  }

  private static func percentileRange(_ histogram: Histogram, _ fraction: Double) -> ObservedRange {
    let outside = (1 - fraction) * Double(histogram.count)
    let twoSided = histogram.minimum < 0 && histogram.maximum > 0
    let tail = twoSided ? outside / 2 : outside
    let bins = histogram.counts.indices
    let low = histogram.minimum < 0 ? edge(histogram, bins, tail, above: false) : 0
    let high = histogram.maximum > 0 ? edge(histogram, bins.reversed(), tail, above: true) : 0
    return ObservedRange(
      low: Swift.max(Float(low), histogram.minimum),
      high: Swift.min(Float(high), histogram.maximum),
      observer: .percentile(fraction))
  }

  /// Walks bins from one end until more than `tail` values are passed; never beyond 0.
  private static func edge<Bins: Sequence<Int>>(
    _ histogram: Histogram, _ bins: Bins, _ tail: Double, above: Bool
  ) -> Double {
    var passed = 0.0
    for bin in bins {
      let count = Double(histogram.counts[bin])
      if count > 0, passed + count > tail {
        let inside = (tail - passed) / count
        let start = Double(histogram.first + bin + (above ? 1 : 0)) * histogram.width
        return start + (above ? -inside : inside) * histogram.width
      }
      passed += count
    }
    return 0
  }
}
