import EdgeFormat

/// A block of a graph that a run can skip: something cheap gives its result then.
public struct SkippableBlock: Sendable, Equatable {
  /// Of the value that the block gives.
  public var name: String
  /// What the block works on, and what it gives, of the same shape; all that comes after depends on it alone.
  public var input: ValueID
  public var output: ValueID
  /// What takes the place of the result; the input itself, or made of it.
  public var bypass: ValueID
  /// Place in the order of skipping, from 0.
  public var rank: Int
}

extension Graph {
  /// What blocks work on and give, and what takes its place.
  var skipValues: [ValueID] { skips.flatMap { [$0.input, $0.output, $0.bypass] } }
}
