import CEdgeHost

/// Comparing, splitting and parsing of text as UTF-8 bytes.
///
/// `String ==` and `split` need Unicode tables that small boards have no room for.
public enum Text {
  /// Whether the bytes are those of `text`.
  static func equal(_ bytes: [UInt8], _ text: StaticString) -> Bool {
    guard bytes.count == text.utf8CodeUnitCount else { return false }
    for index in 0..<bytes.count where bytes[index] != text.utf8Start[index] { return false }
    return true
  }

  /// Whether two strings have the same bytes.
  public static func equal(_ a: String, _ b: String) -> Bool {
    a.utf8.elementsEqual(b.utf8)
  }

  /// Whether `text` ends in `ending`, given in lower case; ASCII upper case in `text` counts as
  /// equal.
  static func hasEnding(_ text: String, _ ending: [UInt8]) -> Bool {
    let end = text.utf8.suffix(ending.count)
    return end.count == ending.count
      && zip(end, ending).allSatisfy { $0 | ($0 >= 0x41 && $0 <= 0x5A ? 0x20 : 0) == $1 }
  }

  /// The last part of a path without its extension.
  public static func fileStem(_ path: String) -> String {
    var name = fields([UInt8](path.utf8), separator: 0x2F).last ?? []
    if let dot = name.lastIndex(of: 0x2E), dot > 0 { name = [UInt8](name[..<dot]) }
    return string(name)
  }

  /// The parts between separators; empty parts are kept.
  static func fields(_ bytes: [UInt8], separator: UInt8) -> [[UInt8]] {
    var parts: [[UInt8]] = []
    var start = 0
    for index in 0...bytes.count where index == bytes.count || bytes[index] == separator {
      parts.append([UInt8](bytes[start..<index]))
      start = index + 1
    }
    return parts
  }

  /// Lines without their ends (`\n` or `\r\n`); an empty last line is dropped.
  static func lines(_ bytes: [UInt8]) -> [[UInt8]] {
    var lines = fields(bytes, separator: 0x0A)
    if let last = lines.last, last.isEmpty { lines.removeLast() }
    for index in lines.indices where lines[index].last == 0x0D { lines[index].removeLast() }
    return lines
  }

  /// A non-negative decimal integer below 10^18; nil for anything else.
  static func integer(_ bytes: [UInt8]) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 18 else { return nil }
    var value = 0
    for byte in bytes {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }

  /// The finite decimal number that a text is; nil when it is none.
  public static func number(_ text: String) -> Double? {
    var value = 0.0
    return edge_cli_parse_number(text, &value) == 1 ? value : nil
  }

  /// A shape as `[1, 3, 224, 224]`, which is also JSON.
  public static func shape(_ shape: [Int]) -> String {
    var text = "["
    for (axis, extent) in shape.enumerated() {
      if axis > 0 { text += ", " }
      text += String(extent)
    }
    return text + "]"
  }

  /// The bytes that pairs of hexadecimal digits name; nil for anything else.
  static func bytes(hex: [UInt8]) -> [UInt8]? {
    guard hex.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: hex.count, by: 2) {
      guard let high = digit(hex[place]), let low = digit(hex[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x37
    case 0x61...0x66: byte - 0x57
    default: nil
    }
  }

  static func string(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
