/// Which blocks of a converted model runs can skip: what `--skips` says.
public enum SkipRequest: Sendable, Equatable {
  case off
  /// Those that are missed least; nil for all that leave a useful answer.
  case ordered(Int?)
  /// By the names of the values they give, in the order of skipping.
  case named([String])

  /// Reads `off`, `auto`, a number, or names.
  public init(_ text: String?) {
    switch text {
    case nil, "off": self = .off
    case "auto": self = .ordered(nil)
    case let text?:
      self =
        Int(text).map { .ordered($0) } ?? .named(text.split(separator: ",").map(String.init))
    }
  }

  /// As it was asked for; nil for none.
  public var text: String? {
    switch self {
    case .off: nil
    case .ordered(let count): count.map(String.init) ?? "auto"
    case .named(let names): names.joined(separator: ",")
    }
  }
}
