/// Something in the model that stands between it and a `.edge` file.
public struct Obstacle: Sendable, Equatable {
  /// Name of the ONNX node, or of its first output when it has none.
  public var node: String
  public var op: String
  public var opset: Int
  /// What is not supported, with the value found.
  public var problem: String
  /// The nearest form that is supported, or what to do.
  public var remedy: String
}

/// A conversion that cannot go on.
///
/// Everything that was found, not only the first.
public enum ConversionError: Error, Sendable {
  case obstacles([Obstacle])
  /// A malformed or contradictory model: node or file, what is wrong.
  case invalid(String)
  /// The caller's data or options: what is wrong and what to do.
  case usage(String)
}
