import EdgeFormat

/// Reads NumPy's `.npy` format, versions 1 to 3.
///
/// Element types `f2 f4 f8 i1 i2 i4 i8 u1 b1`, little-endian; `f8` is rounded to float32, since no
/// model input is wider. Fortran order becomes row-major.
public enum NumpyArray {
  /// Reads one `.npy` file.
  public static func read(_ path: String) throws(SampleError) -> SampleTensor {
    try withFileBytes(path) { (bytes) throws(SampleError) in try parse(bytes, name: path) }
  }

  /// Parses the bytes of a `.npy` file; `name` begins error messages.
  static func parse(_ bytes: ByteView, name: String) throws(SampleError) -> SampleTensor {
    guard bytes.unsigned(at: 0, length: 6) == 0x5950_4D55_4E93,
      let major = bytes.unsigned(at: 6, length: 1)
    else { throw SampleError(name + ": is not a NumPy array: write it with numpy.save") }
    let isShort = major == 1
    guard major >= 1, major <= 3, let length = isShort ? bytes.u16(at: 8) : bytes.u32(at: 8),
      let text = bytes.slice(isShort ? 10 : 12, length),
      let header = NumpyHeader(text.copied)
    else {
      throw SampleError(name + ": has a damaged NumPy header: write it again with numpy.save")
    }
    let stored = try StoredElement(descriptor: header.descriptor, name: name)
    guard let count = elementCount(header.shape), header.shape.count <= 8 else {
      throw SampleError(name + ": has an unusable shape " + Text.shape(header.shape))
    }
    let start = (isShort ? 10 : 12) + length
    guard let body = bytes.slice(start, count * stored.byteCount), start + body.count == bytes.count
    else {
      throw SampleError(
        name + ": holds " + String(bytes.count - start) + " bytes of data, its shape "
          + Text.shape(header.shape) + " needs " + String(count * stored.byteCount)
          + "; the file is cut off or damaged: copy it again")
    }
    var data = body.copied
    if header.isFortranOrder, header.shape.count > 1 {
      data = rowMajor(data, shape: header.shape, elementBytes: stored.byteCount)
    }
    return SampleTensor(
      elementType: stored.elementType, shape: header.shape,
      bytes: stored.isDouble ? roundedToFloat(data) : data)
  }

  /// Product of the extents; nil beyond 2^40 elements.
  private static func elementCount(_ shape: [Int]) -> Int? {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= 1 << 40 else { return nil }
      count = product
    }
    return count
  }

  private static func roundedToFloat(_ data: [UInt8]) -> [UInt8] {
    let count = data.count / 8
    return data.withUnsafeBytes { source in
      var floats = [Float](repeating: 0, count: count)
      for index in 0..<count {
        floats[index] = Float(source.loadUnaligned(fromByteOffset: index * 8, as: Double.self))
      }
      return floats.withUnsafeBytes { [UInt8]($0) }
    }
  }

  /// Reorders column-major data.
  ///
  /// O(elements * rank).
  private static func rowMajor(_ data: [UInt8], shape: [Int], elementBytes: Int) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: data.count)
    var index = [Int](repeating: 0, count: shape.count)
    var target = 0
    while target < result.count {
      var source = 0
      for axis in stride(from: shape.count - 1, through: 0, by: -1) {
        source = source * shape[axis] + index[axis]
      }
      for byte in 0..<elementBytes {
        result[target + byte] = data[source * elementBytes + byte]
      }
      target += elementBytes
      var axis = shape.count - 1
      while axis >= 0 {
        index[axis] += 1
        if index[axis] < shape[axis] { break }
        index[axis] = 0
        axis -= 1
      }
    }
    return result
  }
}

/// An element type as it is stored.
private struct StoredElement {
  let elementType: ElementType
  let isDouble: Bool

  var byteCount: Int { isDouble ? 8 : elementType.byteCount }

  init(descriptor: [UInt8], name: String) throws(SampleError) {
    let text = String(decoding: descriptor, as: UTF8.self)
    let isLittle = descriptor.first.map { $0 == 0x3C || $0 == 0x7C } ?? false  // '<' or '|'
    let code = descriptor.count == 3 ? Int(descriptor[1]) << 8 | Int(descriptor[2]) : 0
    guard isLittle, let element = Self.element(code) else {
      throw SampleError(
        name + ": has elements of type '" + text
          + "'; little-endian f2 f4 f8 i1 i2 i4 i8 u1 b1 are read: convert it, for example with "
          + "array.astype('<f4')")
    }
    elementType = element
    isDouble = code == Self.code("f", "8")
  }

  private static func code(_ kind: Unicode.Scalar, _ size: Unicode.Scalar) -> Int {
    Int(kind.value) << 8 | Int(size.value)
  }

  private static func element(_ wanted: Int) -> ElementType? {
    switch wanted {
    case code("f", "4"), code("f", "8"): .float32
    case code("f", "2"): .float16
    case code("i", "1"): .int8
    case code("u", "1"): .uint8
    case code("i", "2"): .int16
    case code("i", "4"): .int32
    case code("i", "8"): .int64
    case code("b", "1"): .bool
    default: nil
    }
  }
}
