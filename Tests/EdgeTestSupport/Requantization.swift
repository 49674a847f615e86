/// The one rounding rule of int8 (docs/numerics.md): nearest, ties to even, then the zero point,
/// then the clamp.
public func requantize(
  _ value: Float, zeroPoint: Int32, low: Int32 = -128, high: Int32 = 127
) -> Int8 {
  let rounded = Int(max(-0x1p30, min(0x1p30, value)).rounded(.toNearestOrEven))
  return Int8(max(Int(low), min(Int(high), rounded + Int(zeroPoint))))
}
