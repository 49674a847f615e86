import EdgeFormat

/// The weights section under construction: 64-byte aligned, equal contents stored once.
struct WeightSection {
  private(set) var bytes: [UInt8] = []
  private var offsets: [[UInt8]: Int] = [:]

  /// Where a content begins.
  mutating func offset(of content: [UInt8]) -> Int {
    if let offset = offsets[content] { return offset }
    let offset = bytes.count
    offsets[content] = offset
    bytes += content
    bytes += repeatElement(0, count: Writer.aligned(bytes.count) - bytes.count)
    return offset
  }

  /// The section with room behind it for kernels that read past the end of a tensor.
  func finished() -> [UInt8] { bytes + [UInt8](repeating: 0, count: 64) }
}
