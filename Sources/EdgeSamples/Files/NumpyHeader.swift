/// The Python dictionary literal at the start of a `.npy` file:
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
struct NumpyHeader {
  private(set) var descriptor: [UInt8] = []
  private(set) var isFortranOrder = false
  private(set) var shape: [Int] = []

  private var text: [UInt8]
  private var position = 0

  /// Parses the literal; nil when it is malformed or lacks a key.
  ///
  /// A structured type (a list) is malformed here.
  init?(_ text: [UInt8]) {
    self.text = text
    var seen = 0
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = quoted(), take(":") else { return nil }
      if Text.equal(key, "descr") {
        guard let value = quoted() else { return nil }
        descriptor = value
        seen |= 1
      } else if Text.equal(key, "fortran_order") {
        guard let value = word() else { return nil }
        isFortranOrder = Text.equal(value, "True")
        seen |= 2
      } else if Text.equal(key, "shape") {
        guard let value = tuple() else { return nil }
        shape = value
        seen |= 4
      } else {
        return nil
      }
      _ = take(",")
    }
    guard seen == 7 else { return nil }
  }

  private mutating func skipSpaces() {
    while position < text.count, text[position] == 0x20 || text[position] == 0x0A { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpaces()
    guard position < text.count, UInt32(text[position]) == character.value else { return false }
    position += 1
    return true
  }

  private mutating func quoted() -> [UInt8]? {
    skipSpaces()
    guard position < text.count, text[position] == 0x27 || text[position] == 0x22 else {
      return nil
    }
    let quote = text[position]
    let start = position + 1
    guard let end = text[start...].firstIndex(of: quote) else { return nil }
    position = end + 1
    return [UInt8](text[start..<end])
  }

  private mutating func word() -> [UInt8]? {
    skipSpaces()
    let start = position
    while position < text.count, text[position] >= 0x41, text[position] <= 0x7A { position += 1 }
    return position > start ? [UInt8](text[start..<position]) : nil
  }

  private mutating func tuple() -> [Int]? {
    guard take("(") else { return nil }
    var values: [Int] = []
    while !take(")") {
      skipSpaces()
      let start = position
      while position < text.count, text[position] >= 0x30, text[position] <= 0x39 { position += 1 }
      guard let value = Text.integer([UInt8](text[start..<position])), values.count < 64 else {
        return nil
      }
      values.append(value)
      if position < text.count, text[position] == 0x4C { position += 1 }  // Python 2 wrote 3L
      _ = take(",")
    }
    return values
  }
}
