/// Typed access to a model's metadata: texts under the keys of `MetadataKey`.
struct MetadataReader {
  /// The text of a key; nil when the model has none.
  let value: (String) -> String?

  func text(_ key: String, default missing: String) -> String { value(key) ?? missing }

  /// The lines of a text; none when the key is absent.
  func lines(_ key: String) -> [String] {
    guard let text = value(key) else { return [] }
    return Text.lines([UInt8](text.utf8)).map { Text.string($0) }
  }

  /// The words of a comma-separated list; none when the key is absent.
  func words(_ key: String) -> [String] {
    guard let text = value(key) else { return [] }
    return Text.fields([UInt8](text.utf8), separator: 0x2C).map { Text.string($0) }
  }

  /// The place of a key's text in `words`; nil when the key is absent.
  func choice(_ key: String, _ words: [StaticString]) throws(SampleError) -> Int? {
    guard let text = value(key) else { return nil }
    let bytes = [UInt8](text.utf8)
    for (index, word) in words.enumerated() where Text.equal(bytes, word) { return index }
    throw meaningless(key, text)
  }

  /// A positive whole number; nil when the key is absent.
  func integer(_ key: String) throws(SampleError) -> Int? {
    guard let text = value(key) else { return nil }
    guard let number = Text.integer([UInt8](text.utf8)), number > 0 else {
      throw meaningless(key, text)
    }
    return number
  }

  /// A number in a range; `missing` when the key is absent.
  func number(
    _ key: String, default missing: Double, in range: ClosedRange<Double>
  ) throws(SampleError) -> Double {
    guard let text = value(key) else { return missing }
    guard let number = Text.number(text), range.contains(number) else {
      throw meaningless(key, text)
    }
    return number
  }

  /// A comma-separated list of numbers, not empty; `missing` when the key is absent.
  func numbers(_ key: String, default missing: [Double]) throws(SampleError) -> [Double] {
    guard let text = value(key) else { return missing }
    guard let numbers = Self.numbers([UInt8](text.utf8)) else { throw meaningless(key, text) }
    return numbers
  }

  /// Lists of numbers, `;` between the lists; none when the key is absent.
  func numberLists(_ key: String) throws(SampleError) -> [[Double]] {
    guard let text = value(key) else { return [] }
    var lists: [[Double]] = []
    for part in Text.fields([UInt8](text.utf8), separator: 0x3B) {
      guard let list = Self.numbers(part) else { throw meaningless(key, text) }
      lists.append(list)
    }
    return lists
  }

  private static func numbers(_ bytes: [UInt8]) -> [Double]? {
    var numbers: [Double] = []
    for field in Text.fields(bytes, separator: 0x2C) {
      guard let number = Text.number(Text.string(field)) else { return nil }
      numbers.append(number)
    }
    return numbers
  }

  /// Divisors: numbers without a zero; `missing` when the key is absent.
  func divisors(_ key: String, default missing: [Double] = [1]) throws(SampleError) -> [Double] {
    let numbers = try numbers(key, default: missing)
    if numbers.contains(0) { throw meaningless(key, value(key) ?? "") }
    return numbers
  }

  /// The error for a key whose text has no meaning.
  func meaningless(_ key: String, _ text: String) -> SampleError {
    SampleError(
      "the model's metadata '" + key + "' is '" + text
        + "', which has no meaning here: convert the model again with a right `edgeconv convert "
        + "--preprocess FILE.json`")
  }
}
