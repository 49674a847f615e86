import CEdgeKernels
import Testing

/// SHA-256 against the vectors of FIPS 180-4, and the CPU's instructions against plain C.
@Suite struct SHA256Tests {
  static func digest(_ bytes: [UInt8], chunk: Int, scalar: Bool) -> String {
    var context = edge_sha256()
    if scalar { edge_sha256_init_scalar(&context) } else { edge_sha256_init(&context) }
    var start = 0
    while start < bytes.count {
      let end = min(start + chunk, bytes.count)
      edge_sha256_update(&context, Array(bytes[start..<end]), end - start)
      start = end
    }
    var out = [UInt8](repeating: 0, count: 32)
    edge_sha256_final(&context, &out)
    let digits = Array("0123456789abcdef")
    return String(out.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func knownVectors(text: String, expected: String) {
    for scalar in [true, false] {
      #expect(Self.digest(Array(text.utf8), chunk: 7, scalar: scalar) == expected)
    }
  }

  @Test(arguments: [55, 56, 63, 64, 65, 119, 120, 1000, 4096])
  func nativeEqualsScalarAtEveryTail(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 3) }
    let expected = Self.digest(bytes, chunk: count, scalar: true)
    for chunk in [1, 63, 64, 200, count] {
      #expect(Self.digest(bytes, chunk: chunk, scalar: false) == expected, "chunks of \(chunk)")
    }
  }
}
