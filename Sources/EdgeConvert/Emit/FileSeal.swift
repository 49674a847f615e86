import EdgeFormat
import EdgeRuntime

/// The last step of emitting a file: scratch as the runtime computes it, and the digest.
enum FileSeal {
  /// The bytes with scratch and digest filled in, after the runtime itself has validated them.
  /// - Throws: `ConversionError.invalid` when the runtime refuses the file, which is an error of
  ///   the converter.
  static func sealed(_ unsealed: [UInt8]) throws -> [UInt8] {
    var bytes = unsealed
    let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { storage.deallocate() }
    storage.copyBytes(from: bytes)
    guard let base = storage.baseAddress else { return bytes }
    let scratch: Int
    do throws(EdgeError) {
      scratch = try Model.open(UnsafeRawPointer(base), count: bytes.count, skipDigest: true)
        .scratchBytes
    } catch {
      throw ConversionError.invalid("the runtime refuses the file just written: \(message(error))")
    }
    if let offset = MemoryLayout<Header>.offset(of: \Header.scratchBytes) {
      store(UInt64(scratch), at: offset, in: &bytes)
    }
    let digest = bytes.withUnsafeBytes { buffer in
      buffer.baseAddress.map { fileDigest($0, count: buffer.count) } ?? (0, 0, 0, 0)
    }
    for (word, value) in [digest.0, digest.1, digest.2, digest.3].enumerated() {
      store(value, at: Header.digestOffset + word * 8, in: &bytes)
    }
    return bytes
  }

  private static func store(_ value: UInt64, at offset: Int, in bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { $0.storeBytes(of: value, toByteOffset: offset, as: UInt64.self) }
  }

  /// The runtime's message with its place in the file.
  static func message(_ error: EdgeError) -> String {
    var buffer = [UInt8](repeating: 0, count: 512)
    buffer.withUnsafeMutableBufferPointer { error.write(to: $0) }
    let text = String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    return error.node == .max ? text : "node \(error.node): \(text)"
  }
}
