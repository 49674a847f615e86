import EdgeFormat

extension ElementType {
  /// The name used in messages, as NumPy spells it.
  public var name: String {
    switch self {
    case .float32: "float32"
    case .float16: "float16"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .int32: "int32"
    case .int64: "int64"
    case .bool: "bool"
    }
  }

  /// Whether the elements are floating-point numbers.
  var isFloat: Bool { self == .float32 || self == .float16 }

  /// The smallest and largest integer an element holds; nil for floats.
  var integerRange: ClosedRange<Int64>? {
    switch self {
    case .float32, .float16: nil
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32_768...32_767
    case .int32: -2_147_483_648...2_147_483_647
    case .int64: Int64.min...Int64.max
    case .bool: 0...1
    }
  }
}
