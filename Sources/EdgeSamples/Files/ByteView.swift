import CEdgeHost

/// A read-only view of a file's bytes; every access is bounds-checked and every integer
/// little-endian.
///
/// Lives only inside the closure of `withFileBytes`.

struct ByteView {
  private let buffer: UnsafeRawBufferPointer

  init(_ buffer: UnsafeRawBufferPointer) {
    self.buffer = buffer
  }

  var count: Int { buffer.count }

  /// The bytes in `start ..< start + length`; nil when they are not all there.
  func slice(_ start: Int, _ length: Int) -> ByteView? {
    guard start >= 0, length >= 0, start <= count, length <= count - start else { return nil }
    return ByteView(UnsafeRawBufferPointer(rebasing: buffer[start..<(start + length)]))
  }

  /// The unsigned integer in `length` (1 to 8) bytes at `offset`; nil past the end.
  func unsigned(at offset: Int, length: Int) -> UInt64? {
    guard let field = slice(offset, length) else { return nil }
    var value: UInt64 = 0
    for index in 0..<length {
      value |= UInt64(field.buffer[index]) << UInt64(8 * index)
    }
    return value
  }

  func u16(at offset: Int) -> Int? { unsigned(at: offset, length: 2).map { Int($0) } }
  func u32(at offset: Int) -> Int? { unsigned(at: offset, length: 4).map { Int($0) } }

  /// Whether the bytes at `offset` are those of `text`.
  func hasText(_ text: StaticString, at offset: Int) -> Bool {
    guard let field = slice(offset, text.utf8CodeUnitCount) else { return false }
    for index in 0..<field.count {
      if field.buffer[index] != text.utf8Start[index] { return false }
    }
    return true
  }

  /// A copy of all bytes.
  var copied: [UInt8] { [UInt8](buffer) }

  /// Calls C code with the bytes; the pointer is valid during the call.
  func withPointer<R>(_ body: (UnsafeRawPointer?, Int) -> R) -> R {
    body(buffer.baseAddress, buffer.count)
  }
}

/// Maps a file, hands its bytes to `body`, unmaps it.
///
/// - Throws: a `SampleError` naming the path when the file cannot be read, or what `body` throws.
func withFileBytes<R>(
  _ path: String, _ body: (ByteView) throws(SampleError) -> R
) throws(SampleError) -> R {
  var bytes: UnsafeRawPointer? = nil
  var size = 0
  let code = edge_host_map_file(path, &bytes, &size)
  guard code == 0 else {
    throw SampleError(
      path + ": cannot be read: " + String(cString: edge_host_error_text(code))
        + ": check the path and its permissions")
  }
  defer { edge_host_unmap_file(bytes, size) }
  return try body(ByteView(UnsafeRawBufferPointer(start: bytes, count: size)))
}

/// The first `count` bytes of a file, or all of a shorter one.
///
/// - Throws: an error naming the path and the system's reason.
public func leadingBytes(of path: String, count: Int) throws(SampleError) -> [UInt8] {
  try withFileBytes(path) { (bytes) throws(SampleError) in
    (bytes.slice(0, min(count, bytes.count)) ?? bytes).copied
  }
}

/// Reads a whole file.
///
/// - Throws: an error naming the path and the system's reason.
public func readBytes(_ path: String) throws(SampleError) -> [UInt8] {
  try withFileBytes(path) { (bytes) throws(SampleError) in bytes.copied }
}
