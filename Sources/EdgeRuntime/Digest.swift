import EdgeFormat

/// SHA-256 of a whole `.edge` file but the 32 bytes of the digest itself, as four little-endian words.
public func fileDigest(
  _ bytes: UnsafeRawPointer, count: Int, into digest: inout (UInt64, UInt64, UInt64, UInt64)
) {
}
