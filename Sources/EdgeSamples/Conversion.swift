import EdgeFormat

extension SampleTensor {
  /// The tensor with another element type, or nil when a value would change.
  ///
  /// Integers go to any type that holds them exactly; float16 to float32 exactly; float32 to
  /// float16 rounded; floats never become integers.
  func converted(to target: ElementType) -> SampleTensor? {
    if target == elementType { return self }
    if elementType.isFloat { return target.isFloat ? convertedFloats(to: target) : nil }
    let wide = integers
    if let range = target.integerRange {
      for value in wide where !range.contains(value) { return nil }
      return SampleTensor(elementType: target, shape: shape, bytes: Self.bytes(of: wide, target))
    }
    for value in wide where value != 0 {
      // A float32 has 24 significant bits.
      guard value.magnitude >> UInt64(value.trailingZeroBitCount) < 1 << 24 else { return nil }
    }
    let exact = SampleTensor(shape: shape, floats: wide.map { Float($0) })
    return target == .float32 ? exact : exact.converted(to: target)
  }

  /// The elements of an integer tensor.
  public var integers: [Int64] {
    let width = elementType.byteCount
    let isUnsigned = elementType == .uint8 || elementType == .bool
    var values: [Int64] = []
    values.reserveCapacity(elementCount)
    for index in 0..<elementCount {
      var raw: UInt64 = 0
      for byte in 0..<width { raw |= UInt64(bytes[index * width + byte]) << UInt64(8 * byte) }
      let shift = UInt64(64 - 8 * width)
      values.append(isUnsigned ? Int64(raw) : Int64(bitPattern: raw << shift) >> Int64(shift))
    }
    return values
  }

  private static func bytes(of values: [Int64], _ type: ElementType) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(values.count * type.byteCount)
    for value in values {
      for byte in 0..<type.byteCount {
        bytes.append(UInt8(truncatingIfNeeded: value >> Int64(8 * byte)))
      }
    }
    return bytes
  }

  private func convertedFloats(to target: ElementType) -> SampleTensor {
    bytes.withUnsafeBytes { source in
      if target == .float32 {
        var floats: [Float] = []
        floats.reserveCapacity(elementCount)
        for index in 0..<elementCount {
          let half = source.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self)
          floats.append(HalfFloat.float(half))
        }
        return SampleTensor(shape: shape, floats: floats)
      }
      var halves: [UInt8] = []
      halves.reserveCapacity(elementCount * 2)
      for index in 0..<elementCount {
        let half = HalfFloat.bits(source.loadUnaligned(fromByteOffset: index * 4, as: Float.self))
        halves.append(UInt8(truncatingIfNeeded: half))
        halves.append(UInt8(truncatingIfNeeded: half >> 8))
      }
      return SampleTensor(elementType: target, shape: shape, bytes: halves)
    }
  }
}

/// IEEE 754 binary16 in integer arithmetic, the same on CPUs without half-precision instructions.
enum HalfFloat {
  /// The value of a binary16 bit pattern.
  static func float(_ half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let exponent = UInt32(half >> 10 & 0x1F)
    let fraction = UInt32(half & 0x3FF)
    if exponent == 31 { return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13) }
    if exponent != 0 { return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13) }
    let magnitude = Float(fraction) * Float(bitPattern: 0x3380_0000)  // 2^-24
    return sign == 0 ? magnitude : -magnitude
  }

  /// The nearest binary16, ties to even; too large values become infinite.
  static func bits(_ value: Float) -> UInt16 {
    let pattern = value.bitPattern
    let sign = UInt16(pattern >> 16 & 0x8000)
    let magnitude = pattern & 0x7FFF_FFFF
    if magnitude > 0x7F80_0000 { return sign | 0x7E00 }
    if magnitude >= 0x477F_F000 { return sign | 0x7C00 }
    if magnitude < 0x3880_0000 {
      // Adding 0.5 leaves the half's subnormal steps of 2^-24 in the float's last bits, rounded to
      // even.
      let shifted = Float(bitPattern: magnitude) + 0.5
      return sign | UInt16(truncatingIfNeeded: shifted.bitPattern &- 0x3F00_0000)
    }
    let rounded = magnitude + 0xFFF + (magnitude >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: (rounded - 0x3800_0000) >> 13)
  }
}
