import EdgeFormat

/// Index of a value in its graph.
public struct ValueID: Hashable, Sendable, Comparable {
  public let index: Int
  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// What is known of a value (an edge of the graph) before it is computed.
public struct Value: Sendable {
  /// The ONNX name, unique in the graph.
  public var name: String
  public var type: ElementType?
  /// Shape in ONNX axis order; nil while unknown.
  public var shape: [Dimension]?
  /// The content, when it is an initializer or has been folded.
  public var constant: Tensor?
  /// The content of a small integer value (flattened) in terms of the inputs' symbols, such as what
  /// Shape gives.
  public var symbolic: [Dimension]?
  /// How the maker of a constant has quantized it, when a model comes quantized.
  public var grid: Grid?

  /// A value of which only some things are known.
  public init(
    name: String, type: ElementType? = nil, shape: [Dimension]? = nil, constant: Tensor? = nil
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.constant = constant
  }

  /// A constant.
  public init(name: String, _ constant: Tensor) {
    self.init(
      name: name, type: constant.type, shape: constant.shape.map { Dimension($0) },
      constant: constant)
  }
}

/// An attribute of a node.
public enum Attribute: Sendable {
  case int(Int64)
  case float(Float)
  case string(String)
  case ints([Int64])
  case floats([Float])
  case strings([String])
  case tensor(Tensor)
  case graph(Graph)
  case graphs([Graph])
}

/// One operator application.
///
/// `inputs` may hold absent operands in the middle (ONNX's empty names).
public struct Node: Sendable {
  public var name: String
  /// ONNX operator type, such as "Conv"; passes may also use the fused forms documented at
  /// `Operator`.
  public var op: String
  public var domain: String = ""
  public var opset: Int
  public var inputs: [ValueID?]
  public var outputs: [ValueID?]
  public var attributes: [String: Attribute] = [:]
  /// Names of the other ONNX nodes that passes have merged into this one.
  public var absorbed: [String] = []

  /// A node of the default domain unless told otherwise.
  public init(
    name: String, op: String, domain: String = "", opset: Int, inputs: [ValueID?],
    outputs: [ValueID?], attributes: [String: Attribute] = [:]
  ) {
    self.name = name
    self.op = op
    self.domain = domain
    self.opset = opset
    self.inputs = inputs
    self.outputs = outputs
    self.attributes = attributes
  }
}

/// Where a model comes from, as its file says.
public struct Origin: Sendable, Equatable {
  public var irVersion = 0
  public var producer = ""
  /// Opset version by domain; the default domain is "".
  public var opsets: [String: Int] = [:]
  public var metadata: [String: String] = [:]
}

/// A model in ONNX's terms: values in one table, nodes in topological order.
public struct Graph: Sendable {
  public var values: [Value] = []
  public var nodes: [Node] = []
  /// Run-time inputs (initializers are not among them) and outputs, in the model's order.
  public var inputs: [ValueID] = []
  public var outputs: [ValueID] = []
  /// Pairs of values that survive between runs.
  public var states: [State] = []
  /// Heads that may answer early, in the order in which a run reaches them.
  public var exits: [EarlyExit] = []
  /// In the order of the nodes.
  public var skips: [SkippableBlock] = []
  /// Blocks that a run skips unless it says otherwise.
  public var standardSkips = 0
  /// Values of the enclosing graph that a subgraph reads, under the enclosing graph's names.
  public var captures: [ValueID] = []
  public var origin = Origin()
  /// What the importer met and could not represent.
  public var obstacles: [Obstacle] = []

  public init() {}

  public subscript(id: ValueID) -> Value {
    get { values[id.index] }
    set { values[id.index] = newValue }
  }

  /// Adds a value and returns its identifier.
  public mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return ValueID(index: values.count - 1)
  }
}
