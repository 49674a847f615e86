/// How many tokens stay on the way through an encoder: what `--tokens` says.
public enum TokenRequest: Sendable, Equatable {
  case off
  /// This part of them at each elimination, where a run does not say.
  case part(Double)
  /// The least part that is certified.
  case auto

  /// Reads `off`, `auto`, or a number above 0 and at most 1.
  /// - Throws: `ConversionError.usage` for anything else.
  public init(_ text: String) throws {
    switch text {
    case "off": self = .off
    case "auto": self = .auto
    default:
      guard let part = Double(text), part > 0, part <= 1 else {
        throw ConversionError.usage(
          "--tokens \(text): give a number above 0 and at most 1, auto, or off")
      }
      self = .part(part)
    }
  }

  /// As it was asked for; nil for none.
  public var text: String? {
    switch self {
    case .off: nil
    case .part(let part): String(part)
    case .auto: "auto"
    }
  }
}
