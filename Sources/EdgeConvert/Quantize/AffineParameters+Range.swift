extension AffineParameters {
  /// Smallest scale: its square, times any weight scale that matters, is still a normal float.
  public static let minimumScale: Float = 0x1p-60

  /// Parameters of 255 steps over [low, high], widened to contain 0; zero is represented exactly.
  ///
  /// A range without extent (a value that is always 0, or was never seen) gets scale 1.
  public init(low: Float, high: Float) {
    let low = Double(Swift.min(low, 0))
    let high = Double(Swift.max(high, 0))
    guard high > low, low.isFinite, high.isFinite else {
      self.init(scale: 1, zeroPoint: 0)
      return
    }
    let scale = Swift.max(Float((high - low) / 255), AffineParameters.minimumScale)
    let zero = (-128 - low / Double(scale)).rounded(.toNearestOrEven)
    self.init(scale: scale, zeroPoint: Int32(Swift.min(Swift.max(zero, -128), 127)))
  }

  /// Smallest and largest real value that is represented.
  public var range: ClosedRange<Float> {
    Float(-128 - zeroPoint) * scale...Float(127 - zeroPoint) * scale
  }

  /// The represented value nearest to x; NaN becomes 0.
  public func rounded(_ x: Float) -> Float {
    guard !x.isNaN else { return 0 }
    let q = (x / scale).rounded(.toNearestOrEven)
    return Swift.min(Swift.max(q, Float(-128 - zeroPoint)), Float(127 - zeroPoint)) * scale
  }
}
