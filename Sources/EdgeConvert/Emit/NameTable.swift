/// The names section under construction: NUL-terminated, each string once.
struct NameTable {
  private(set) var bytes: [UInt8] = []
  private var offsets: [String: UInt32] = [:]

  /// Starts with the empty name at offset 0.
  init() { _ = offset(of: "") }

  /// Where a string begins; NUL characters inside it are dropped.
  mutating func offset(of name: String) -> UInt32 {
    if let offset = offsets[name] { return offset }
    let offset = UInt32(bytes.count)
    offsets[name] = offset
    bytes += name.utf8.filter { $0 != 0 }
    bytes.append(0)
    return offset
  }
}
