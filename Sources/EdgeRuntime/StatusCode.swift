/// Status codes of the library: the one table behind `EDGERT_*`, `edgert_status_name` and
/// docs/c-abi.md.
public enum StatusCode: Int32, CaseIterable, Sendable {
  case ok = 0
  case invalidArgument = 100
  case shapeMismatch = 101
  case typeMismatch = 102
  case outOfRange = 103
  case wrongState = 104
  case fileUnreadable = 200
  case notAModel = 201
  case versionUnsupported = 202
  case featureUnsupported = 203
  case modelCorrupt = 204
  case digestMismatch = 205
  case outOfMemory = 300
  case memoryTooSmall = 301
  case memoryMisaligned = 302
  case deadlineExceeded = 500
  case cancelled = 501
  case `internal` = 900

  /// Name of the C constant.
  public var name: StaticString {
    switch self {
    case .ok: "EDGERT_OK"
    case .invalidArgument: "EDGERT_INVALID_ARGUMENT"
    case .shapeMismatch: "EDGERT_SHAPE_MISMATCH"
    case .typeMismatch: "EDGERT_TYPE_MISMATCH"
    case .outOfRange: "EDGERT_OUT_OF_RANGE"
    case .wrongState: "EDGERT_WRONG_STATE"
    case .fileUnreadable: "EDGERT_FILE_UNREADABLE"
    case .notAModel: "EDGERT_NOT_A_MODEL"
    case .versionUnsupported: "EDGERT_VERSION_UNSUPPORTED"
    case .featureUnsupported: "EDGERT_FEATURE_UNSUPPORTED"
    case .modelCorrupt: "EDGERT_MODEL_CORRUPT"
    case .digestMismatch: "EDGERT_DIGEST_MISMATCH"
    case .outOfMemory: "EDGERT_OUT_OF_MEMORY"
    case .memoryTooSmall: "EDGERT_MEMORY_TOO_SMALL"
    case .memoryMisaligned: "EDGERT_MEMORY_MISALIGNED"
    case .deadlineExceeded: "EDGERT_DEADLINE_EXCEEDED"
    case .cancelled: "EDGERT_CANCELLED"
    case .internal: "EDGERT_INTERNAL"
    }
  }
}
