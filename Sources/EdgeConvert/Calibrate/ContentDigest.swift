import CEdgeKernels
import Foundation

/// SHA-256 of contents, as lower-case hexadecimal.
public struct ContentDigest {
  private var state = edge_sha256()

  public init() { edge_sha256_init(&state) }

  /// Takes in bytes.
  public mutating func update(_ bytes: some ContiguousBytes) {
    bytes.withUnsafeBytes { edge_sha256_update(&state, $0.baseAddress, $0.count) }
  }

  /// The digest of everything taken in.
  public consuming func finish() -> String {
    var bytes = [UInt8](repeating: 0, count: 32)
    edge_sha256_final(&state, &bytes)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// The digest of a file.
  /// - Throws: `ConversionError.usage` when it cannot be read.
  public static func file(_ path: String) throws -> String {
    do {
      var digest = ContentDigest()
      digest.update(try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe))
      return digest.finish()
    } catch {
      throw ConversionError.usage("\(path): cannot be read: \(error.localizedDescription)")
    }
  }
}
