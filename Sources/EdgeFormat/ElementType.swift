/// Element types of tensors; raw values are the `EDGERT_*` codes of `edgert.h`.
public enum ElementType: UInt8, CaseIterable, Sendable {
  case float32 = 1
  case float16 = 2
  case int8 = 3
  case uint8 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 8

  /// Size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .int16: 2
    case .float32, .int32: 4
    case .int64: 8
    }
  }
}
