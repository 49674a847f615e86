/// 256-entry tables: any function of one int8 element, exact by construction.
enum LookupTable {
  /// Entry `q + 128` is `clamp(rne(f(s_x * (q - z_x)) / s_y) + z_y)`, in double precision. NaN becomes zero's code.
  static func entries(
    from input: AffineParameters, to output: AffineParameters, _ function: (Double) throws -> Double
  ) rethrows -> [Int8] {
    try (-128...127).map { q in
      let x = Double(input.scale) * Double(q - Int(input.zeroPoint))
      return Int8(output.quantized(try function(x)))
    }
  }
}

extension AffineParameters {
  /// The code of a real value: rounded half to even, clamped to -128...127.
  func quantized(_ real: Double) -> Int32 {
    if real.isNaN { return zeroPoint }
    let code = (real / Double(scale)).rounded(.toNearestOrEven) + Double(zeroPoint)
    return Int32(min(max(code, -128), 127))
  }

  /// The parameters of a range, widened to contain 0 so that 0 is exact.
  static func covering(_ low: Double, _ high: Double) -> AffineParameters {
    let low = min(low, 0)
    let high = max(high, 0)
    let width = high - low
    guard width > 0, width.isFinite else { return AffineParameters(scale: 1, zeroPoint: 0) }
    let scale = Float(width / 255)
    guard scale > 0 else { return AffineParameters(scale: 1, zeroPoint: 0) }
    let zero = (-128 - low / Double(scale)).rounded(.toNearestOrEven)
    return AffineParameters(scale: scale, zeroPoint: Int32(min(max(zero, -128), 127)))
  }
}
