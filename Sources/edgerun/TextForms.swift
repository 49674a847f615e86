import CEdgeHost

// Text of numbers, columns and JSON. `String ==` and formatting by the standard library need tables
// that small boards have no room for.

/// Whether two strings have the same bytes.
func sameText(_ a: String, _ b: String) -> Bool {
  a.utf8.elementsEqual(b.utf8)
}

/// The finite decimal number that a text is; nil when it is none.
func parsedNumber(_ text: String) -> Double? {
  var value = 0.0
  return edge_cli_parse_number(text, &value) == 1 ? value : nil
}

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

/// Shape as `[1,3,224,224]`, which is also JSON.
func shapeText(_ shape: [Int]) -> String {
  var text = "["
  for (axis, extent) in shape.enumerated() {
    if axis > 0 { text += "," }
    text += String(extent)
  }
  return text + "]"
}
