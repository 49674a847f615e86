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

/// One operator application. `inputs` may hold absent operands in the middle (ONNX's empty names).
public struct Node: Sendable {
  public var name: String
  /// ONNX operator type, such as "Conv"; passes may also use the fused forms documented at `Operator`.
  public var op: String
  public var domain: String = ""
  public var opset: Int
  public var inputs: [ValueID?]
  public var outputs: [ValueID?]
  public var attributes: [String: Attribute] = [:]
}

/// A model in ONNX's terms: values in one table, nodes in topological order.
public struct Graph: Sendable {
  public var values: [Value] = []
  public var nodes: [Node] = []
  /// Run-time inputs (initializers are not among them) and outputs, in the model's order.
  public var inputs: [ValueID] = []
  public var outputs: [ValueID] = []

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
