extension Node {
  /// An integer attribute.
  func int(_ name: String) -> Int? {
    if case .int(let value)? = attributes[name] { Int(value) } else { nil }
  }

  /// A list of integers.
  func ints(_ name: String) -> [Int]? {
    if case .ints(let values)? = attributes[name] { values.map { Int($0) } } else { nil }
  }

  /// A float attribute.
  func float(_ name: String) -> Float? {
    if case .float(let value)? = attributes[name] { value } else { nil }
  }

  /// A string attribute.
  func string(_ name: String) -> String? {
    if case .string(let value)? = attributes[name] { value } else { nil }
  }
}
