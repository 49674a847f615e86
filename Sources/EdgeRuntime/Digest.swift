import CEdgeKernels
import EdgeFormat

/// SHA-256 of a whole `.edge` file but the 32 bytes of the digest itself, as four little-endian
/// words.
/// - Parameters:
///   - bytes: the file.
///   - count: its size, at least that of a header.
public func fileDigest(_ bytes: UnsafeRawPointer, count: Int) -> (UInt64, UInt64, UInt64, UInt64) {
  let tail = Header.digestOffset + Header.digestBytes
  var context = edge_sha256()
  edge_sha256_init(&context)
  edge_sha256_update(&context, bytes, Header.digestOffset)
  edge_sha256_update(&context, bytes + tail, count - tail)
  var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  withUnsafeMutableBytes(of: &digest) {
    edge_sha256_final(&context, $0.assumingMemoryBound(to: UInt8.self).baseAddress)
  }
  return digest
}
