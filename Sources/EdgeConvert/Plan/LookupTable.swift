/// 256-entry tables: any function of one int8 element, exact by construction.
enum LookupTable {
  /// Entry `q + 128` is `clamp(rne(f(s_x * (q - z_x)) / s_y) + z_y)`, in double precision.
  ///
  /// NaN becomes zero's code.
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
}
