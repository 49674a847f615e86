import CEdgeHost

// Text of numbers, columns and JSON; formatting by the standard library needs tables that small
// boards have no room for.

/// A number with at most `digits` significant digits; "null" for infinities and NaN, as JSON has
/// none.
func numberText(_ value: Double, digits: Int32 = 6) -> String {
  guard value.isFinite else { return "null" }
  var text = [CChar](repeating: 0, count: 32)
  let length = edge_cli_format_number(value, digits, &text)
  return String(decoding: text[..<Int(length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// "1 thread", "4 threads".
func threadText(_ count: Int) -> String {
  String(count) + (count == 1 ? " thread" : " threads")
}

/// A text filled with spaces to a width in bytes.
func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(1, width - text.utf8.count))
}

/// A text with spaces before it up to a width in bytes.
func rightAligned(_ text: String, _ width: Int) -> String {
  String(repeating: " ", count: max(0, width - text.utf8.count)) + text
}

/// Bytes in hexadecimal.
func hexText(_ bytes: ArraySlice<UInt8>) -> String {
  let digits: [UInt8] = [UInt8]("0123456789abcdef".utf8)
  return String(
    decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

/// A text as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
func jsonText(_ text: String) -> String {
  let hex: [UInt8] = [UInt8]("0123456789abcdef".utf8)
  var bytes: [UInt8] = [0x22]
  for byte in text.utf8 {
    switch byte {
    case 0x22, 0x5C: bytes += [0x5C, byte]
    case 0x0A: bytes += [0x5C, 0x6E]
    case 0x09: bytes += [0x5C, 0x74]
    case 0x0D: bytes += [0x5C, 0x72]
    case 0..<0x20, 0x7F:
      bytes += [0x5C, 0x75, 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]]
    default: bytes.append(byte)
    }
  }
  bytes.append(0x22)
  return String(decoding: bytes, as: UTF8.self)
}
