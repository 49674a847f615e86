import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `cast` between every two types, against conversions written with Swift's own.
@Suite struct CastTests {
  private static let floats: [Float] = [
    0, -0.0, 1, -1, 0.5, -0.5, 1.9, -1.9, 127.5, 128, -128.9, 255, 256, 32767.5, -40000, 65504,
    65519, 65520, 1e-8, 2_147_483_520, 2_147_483_648, -2_147_483_648, 9.2e18, 9.3e18, -9.3e18, 1e30,
    .infinity, -.infinity, .nan,
  ]
  private static let integers: [Int64] = [
    0, 1, -1, 2, 127, 128, -128, -129, 255, 256, 32767, 32768, 65504, 65519, 65520, 16_777_217,
    Int64(Int32.max), Int64(Int32.min), .max, .min,
  ]

  @Test(arguments: ElementType.allCases, ElementType.allCases)
  func everyPair(from: ElementType, to: ElementType) throws {
    let source = from.isFloat ? encode(CastTests.floats, from) : encode(CastTests.integers, from)
    let count = source.count / from.byteCount
    // Long enough for several threads to take part.
    let many = Array(repeatElement(source, count: 40_000 / count).joined())
    let total = many.count / from.byteCount
    let node = SingleNode(.cast, [Operand(from, [total], bytes: many)], Operand(to, [total]))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil)
    let expected =
      from.isFloat
      ? encode(decodeFloats(source, from), to) : encode(decodeIntegers(source, from), to)
    #expect(result.y.prefix(expected.count) == expected[...])
    #expect(result.y.suffix(expected.count) == expected[...])
  }

  private func decodeFloats(_ source: [UInt8], _ type: ElementType) -> [Float] {
    type == .float32 ? elements(source) : elements(source, as: Float16.self).map { Float($0) }
  }

  private func decodeIntegers(_ source: [UInt8], _ type: ElementType) -> [Int64] {
    switch type {
    case .int8: elements(source, as: Int8.self).map { Int64($0) }
    case .int16: elements(source, as: Int16.self).map { Int64($0) }
    case .int32: elements(source, as: Int32.self).map { Int64($0) }
    case .int64: elements(source)
    case .uint8, .float16, .float32: source.map { Int64($0) }
    case .bool: source.map { $0 == 0 ? 0 : 1 }
    }
  }

  private func encode(_ values: [Float], _ type: ElementType) -> [UInt8] {
    switch type {
    case .float32: bytes(of: values)
    case .float16: bytes(of: values.map { Float16($0) })
    case .int8: bytes(of: values.map { saturated($0, Int8.self) })
    case .uint8: bytes(of: values.map { saturated($0, UInt8.self) })
    case .int16: bytes(of: values.map { saturated($0, Int16.self) })
    case .int32: bytes(of: values.map { saturated($0, Int32.self) })
    case .int64: bytes(of: values.map { saturated($0, Int64.self) })
    case .bool: values.map { $0 != 0 ? 1 : 0 }
    }
  }

  private func encode(_ values: [Int64], _ type: ElementType) -> [UInt8] {
    switch type {
    case .float32: bytes(of: values.map { Float($0) })
    case .float16: bytes(of: values.map { Float16($0) })
    case .int8: bytes(of: values.map { Int8(truncatingIfNeeded: $0) })
    case .uint8: bytes(of: values.map { UInt8(truncatingIfNeeded: $0) })
    case .int16: bytes(of: values.map { Int16(truncatingIfNeeded: $0) })
    case .int32: bytes(of: values.map { Int32(truncatingIfNeeded: $0) })
    case .int64: bytes(of: values)
    case .bool: values.map { $0 != 0 ? 1 : 0 }
    }
  }

  private func saturated<T: FixedWidthInteger>(_ value: Float, _ type: T.Type) -> T {
    if value.isNaN { return 0 }
    return T(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
  }
}

extension ElementType {
  fileprivate var isFloat: Bool { self == .float32 || self == .float16 }
}
