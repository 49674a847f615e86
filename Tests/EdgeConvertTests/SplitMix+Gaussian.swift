import Foundation

@testable import EdgeConvert

extension SplitMix {
  /// A number in (0, 1).
  mutating func uniform() -> Double { (Double(next() >> 11) + 0.5) * 0x1p-53 }

  /// A standard normal number.
  mutating func gaussian() -> Float {
    Float((-2 * log(uniform())).squareRoot() * cos(2 * Double.pi * uniform()))
  }
}
