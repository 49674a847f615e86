import EdgeFormat

/// A dense, row-major, little-endian tensor read from a file.
public struct SampleTensor: Sendable {
  /// Type of every element.
  public let elementType: ElementType
  /// Extents, outermost first; empty for a scalar.
  public let shape: [Int]
  /// `elementCount * elementType.byteCount` bytes.
  public let bytes: [UInt8]

  /// Creates a tensor; `bytes` must have the length that type and shape imply.
  public init(elementType: ElementType, shape: [Int], bytes: [UInt8]) {
    precondition(bytes.count == shape.reduce(1, *) * elementType.byteCount)
    self.elementType = elementType
    self.shape = shape
    self.bytes = bytes
  }

  /// Creates a float32 tensor from its values.
  public init(shape: [Int], floats: [Float]) {
    self.init(
      elementType: .float32, shape: shape,
      bytes: floats.withUnsafeBytes { [UInt8]($0) })
  }

  /// Number of elements.
  public var elementCount: Int { bytes.count / elementType.byteCount }

  /// The values of a float32 tensor; nil for another type.
  ///
  /// O(n).
  public var floats: [Float]? {
    guard elementType == .float32 else { return nil }
    return [Float](unsafeUninitializedCapacity: elementCount) { target, count in
      bytes.withUnsafeBytes { source in
        UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
      }
      count = elementCount
    }
  }

  /// The same bytes under another shape of equal element count.
  func reshaped(_ shape: [Int]) -> SampleTensor {
    SampleTensor(elementType: elementType, shape: shape, bytes: bytes)
  }
}
