import EdgeFormat
import Testing

@testable import EdgeSamples

@Suite struct ConversionTests {
  @Test func everyHalfSurvivesTheWayThroughFloat() {
    for bits in UInt16.min...UInt16.max {
      let value = HalfFloat.float(bits)
      let isNaN = bits & 0x7C00 == 0x7C00 && bits & 0x3FF != 0
      #expect(value.isNaN == isNaN)
      if !isNaN && HalfFloat.bits(value) != bits { Issue.record("half \(bits)") }
    }
  }

  @Test func floatsRoundToTheNearestHalfTiesToEven() {
    for bits in stride(from: UInt32(0), to: 0x7F80_0000, by: 4_093) {
      let value = Float(bitPattern: bits)
      let half = HalfFloat.bits(value)
      let error = abs(Double(HalfFloat.float(half)) - Double(value))
      if half < 0x7BFF {
        let above = abs(Double(HalfFloat.float(half + 1)) - Double(value))
        if error > above || (error == above && half & 1 == 1) { Issue.record("float \(bits)") }
      }
      if half > 0 && half < 0x7C00 {
        let below = abs(Double(HalfFloat.float(half - 1)) - Double(value))
        if error > below || (error == below && half & 1 == 1) { Issue.record("float \(bits)") }
      }
    }
  }

  @Test func integersConvertWhenEveryValueFits() throws {
    let wide = SampleTensor(
      elementType: .int64, shape: [2], bytes: little(Int64(-128)) + little(Int64(127)))
    #expect(wide.converted(to: .int8)?.bytes == [0x80, 0x7F])
    #expect(wide.converted(to: .uint8) == nil)
    #expect(wide.converted(to: .float32)?.floats == [-128, 127])
    let large = SampleTensor(elementType: .int32, shape: [1], bytes: little(Int32(16_777_217)))
    #expect(large.converted(to: .float32) == nil)
    #expect(large.converted(to: .int64)?.bytes == little(Int64(16_777_217)))
  }

  @Test func floatsNeverBecomeIntegers() {
    #expect(SampleTensor(shape: [1], floats: [1]).converted(to: .int32) == nil)
  }
}
