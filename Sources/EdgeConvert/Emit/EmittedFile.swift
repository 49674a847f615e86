/// A finished `.edge` file and what the report says of it.
public struct EmittedFile: Sendable {
  /// One node of the plan.
  public struct NodeSummary: Sendable {
    /// Name of the ONNX node that it comes from.
    public var name: String
    /// Name of the runtime's operator.
    public var operation: String
    /// Sizes of the present inputs and of the outputs as stored, at the bounds of run-time sizes.
    public var inputShapes: [[Int]]
    /// Sizes of the outputs as stored, at the bounds.
    public var outputShapes: [[Int]]
    /// Type of the first output.
    public var precision: Precision
    /// Multiply-accumulates of one run at the bounds; 0 for operators that do none.
    public var multiplications: Int
    /// Bytes of constants that it reads.
    public var weightBytes: Int
    /// What is kept of block-sparse weights; nil when they are dense.
    public var blocks: Blocks?
  }

  /// Block-sparse weights of a layer: what is kept lies in blocks of 4 inputs times some outputs.
  public struct Blocks: Codable, Sendable, Equatable {
    /// Outputs of a block.
    public var outputs: Int
    /// Part of the weights that is kept.
    public var density: Double
  }

  /// One state of the session.
  public struct StateSummary: Codable, Sendable {
    /// Name of the model's input that it replaces.
    public var name: String
    /// Element type.
    public var type: String
    /// Sizes as stored, at the bounds of run-time sizes.
    public var shape: [Int]
    /// The size of the outermost axis after a run, when it grows.
    public var growsTo: String?
    public var bytes: Int
  }

  /// Where a value of the graph can be found while the plan runs.
  public struct Location: Sendable {
    /// Index in the file's tensors; its content is valid until the storage is used again.
    public var tensor: Int
    /// Stored axis i is axis `order[i]` of the value.
    public var order: [Int]
    /// Index of the node that writes it; nil for an input.
    public var node: Int?
  }

  /// The file.
  public var bytes: [UInt8]
  /// Bytes of the arena.
  public var arenaBytes: Int
  /// Largest sum of simultaneously live activations: what no plan can beat.
  public var arenaLowerBound: Int
  /// Bytes of state tensors.
  public var stateBytes: Int
  /// Bytes of the weights section.
  public var weightBytes: Int
  /// The plan, in order of execution.
  public var nodes: [NodeSummary]
  /// By name of the ONNX value.
  public var values: [String: Location]
  /// What the session keeps between runs.
  public var states: [StateSummary]
  /// Assumptions that were made, for the report.
  public var notes: [String]
}
