import Foundation

@testable import EdgeSamples

/// Bytes in a file that is gone when `body` returns.
func withFile<R>(_ name: String, _ bytes: [UInt8], _ body: (String) throws -> R) throws -> R {
  let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: name)
  try Data(bytes).write(to: file)
  return try body(file.path)
}

/// The message of the `SampleError` that `body` throws; nil when it throws none.
func failure<R>(_ body: () throws -> R) -> String? {
  do {
    _ = try body()
    return nil
  } catch {
    return (error as? SampleError)?.message
  }
}

/// An integer as little-endian bytes.
func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
}

extension String {
  /// The bytes of base64 text.
  var base64Bytes: [UInt8] { Data(base64Encoded: self).map { [UInt8]($0) } ?? [] }
}
