/// Bounds-checked reads of little-endian records from untrusted bytes.
///
/// The only place where file bytes become values.
public struct Reader: @unchecked Sendable {
  /// Start of the bytes; they outlive the reader (the caller's contract at `edgert_model_open_*`).
  public let base: UnsafeRawPointer
  public let count: Int

  /// - Parameters:
  ///   - base: first byte.
  ///   - count: bytes that may be read.
  public init(base: UnsafeRawPointer, count: Int) {
    self.base = base
    self.count = count
  }

  /// The record at a byte offset, or nil when it does not lie inside.
  public func load<Record: BitwiseCopyable>(_ offset: Int, as type: Record.Type) -> Record? {
    guard offset >= 0, offset <= count, count - offset >= MemoryLayout<Record>.size else {
      return nil
    }
    // Inside by the guard; unaligned loads have no alignment demand.
    return base.loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// The part at an offset, or nil when it does not lie inside.
  public func slice(_ offset: UInt64, _ bytes: UInt64) -> Reader? {
    guard let start = Int(exactly: offset), let length = Int(exactly: bytes), start <= count,
      length <= count - start
    else { return nil }
    return Reader(base: base + start, count: length)
  }

  /// Length of the NUL-terminated string at an offset, or nil when it does not end inside.
  public func stringLength(_ offset: Int) -> Int? {
    guard offset >= 0 else { return nil }
    var index = offset
    while index < count {
      if base.load(fromByteOffset: index, as: UInt8.self) == 0 { return index - offset }
      index += 1
    }
    return nil
  }
}
