import EdgeFormat

/// What went wrong, where, and what to do: a code, a text with up to four numbers and a name, and a
/// place in the file.
///
/// It holds no allocated memory, so that it can be thrown from `edgert_run`.
public struct EdgeError: Error, @unchecked Sendable {
  public var code: StatusCode
  /// Text in which `%0` to `%3` stand for the numbers and `%s` for the name.
  public var text: StaticString
  public var number0: Int
  public var number1: Int
  public var number2: Int
  public var number3: Int
  /// NUL-terminated, or nil; lives as long as the model or longer.
  public var name: UnsafePointer<UInt8>?
  /// Section, node and byte offset; all ones when they do not apply.
  public var section: UInt32 = .max
  public var node: UInt32 = .max
  public var offset: UInt64 = .max

  public init(
    _ code: StatusCode, _ text: StaticString, _ number0: Int = 0, _ number1: Int = 0,
    _ number2: Int = 0, _ number3: Int = 0, name: UnsafePointer<UInt8>? = nil
  ) {
    self.code = code
    self.text = text
    self.number0 = number0
    self.number1 = number1
    self.number2 = number2
    self.number3 = number3
    self.name = name
  }

  /// The error with its place in the file.
  public func at(section: SectionKind? = nil, node: Int? = nil, offset: Int? = nil) -> EdgeError {
    var error = self
    if let section { error.section = section.rawValue }
    if let node { error.node = UInt32(truncatingIfNeeded: node) }
    if let offset { error.offset = UInt64(truncatingIfNeeded: offset) }
    return error
  }

  /// Writes the text with its numbers filled in, NUL-terminated and cut to fit.
  public func write(to buffer: UnsafeMutableBufferPointer<UInt8>) {
    guard !buffer.isEmpty else { return }
    var output = MessageBuffer(buffer: buffer)
    var index = 0
    let template = text.utf8Start
    let count = text.utf8CodeUnitCount
    while index < count {
      let byte = template[index]
      guard byte == UInt8(ascii: "%"), index + 1 < count else {
        output.append(byte)
        index += 1
        continue
      }
      switch template[index + 1] {
      case UInt8(ascii: "0"): output.append(number0)
      case UInt8(ascii: "1"): output.append(number1)
      case UInt8(ascii: "2"): output.append(number2)
      case UInt8(ascii: "3"): output.append(number3)
      case UInt8(ascii: "s"): output.append(name)
      default: output.append(template[index + 1])
      }
      index += 2
    }
    if code == .modelCorrupt {
      output.append("; the file is damaged: copy it again, or convert the model again")
    }
    output.terminate()
  }
}

/// Appends to a fixed buffer and drops what does not fit.
struct MessageBuffer {
  let buffer: UnsafeMutableBufferPointer<UInt8>
  var count = 0

  mutating func append(_ byte: UInt8) {
    guard count < buffer.count - 1 else { return }
    buffer[count] = byte
    count += 1
  }

  mutating func append(_ number: Int) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var divisor: UInt = 1
    let magnitude = number.magnitude
    while magnitude / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude / divisor % 10))
      divisor /= 10
    }
  }

  mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
  }

  mutating func append(_ name: UnsafePointer<UInt8>?) {
    guard var cursor = name else { return }
    while cursor.pointee != 0 {
      append(cursor.pointee)
      cursor += 1
    }
  }

  mutating func terminate() { buffer[count] = 0 }
}
