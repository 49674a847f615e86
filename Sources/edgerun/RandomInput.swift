import EdgeFormat
import EdgeSamples

/// Input for measurements: the same numbers every time.
enum RandomInput {
  /// Floats in -1...1; 8-bit integers of any value; wider integers and booleans, which are often
  /// indices, 0.
  static func tensor(for input: InputDescription) -> SampleTensor {
    let count = input.elementCount
    var state: UInt32 = 1
    func next() -> UInt32 {
      state = state &* 1_664_525 &+ 1_013_904_223
      return state >> 8
    }
    switch input.elementType {
    case .float32:
      return SampleTensor(
        shape: input.shape, floats: (0..<count).map { _ in Float(next()) / 8_388_608 - 1 })
    case .int8, .uint8:
      return SampleTensor(
        elementType: input.elementType, shape: input.shape,
        bytes: (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) })
    case .float16, .int16, .int32, .int64, .bool:
      return SampleTensor(
        elementType: input.elementType, shape: input.shape,
        bytes: [UInt8](repeating: 0, count: count * input.elementType.byteCount))
    }
  }
}
