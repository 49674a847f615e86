import EdgeFormat

extension Node {
  /// An integer attribute; nil when absent.
  func int(_ name: String) -> Int? {
    switch attributes[name] {
    case .int(let value): Int(value)
    case .float(let value): Int(exactly: value.rounded())
    default: nil
    }
  }

  /// An integer attribute with ONNX's default.
  func int(_ name: String, _ standard: Int) -> Int { int(name) ?? standard }

  /// A float attribute; nil when absent.
  func float(_ name: String) -> Float? {
    switch attributes[name] {
    case .float(let value): value
    case .int(let value): Float(value)
    default: nil
    }
  }

  /// A float attribute with ONNX's default.
  func float(_ name: String, _ standard: Float) -> Float { float(name) ?? standard }

  /// A text attribute; nil when absent.
  func string(_ name: String) -> String? {
    if case .string(let value) = attributes[name] { value } else { nil }
  }

  /// A list of integers; nil when absent.
  func ints(_ name: String) -> [Int]? {
    switch attributes[name] {
    case .ints(let values): values.map { Int($0) }
    case .int(let value): [Int(value)]
    default: nil
    }
  }

  /// A list of floats; nil when absent.
  func floats(_ name: String) -> [Float]? {
    switch attributes[name] {
    case .floats(let values): values
    case .float(let value): [value]
    default: nil
    }
  }

  /// A tensor attribute; nil when absent.
  func tensor(_ name: String) -> Tensor? {
    if case .tensor(let value) = attributes[name] { value } else { nil }
  }

  /// The operand at a position; nil when absent.
  func input(_ index: Int) -> ValueID? { index < inputs.count ? inputs[index] : nil }

  /// The result at a position; nil when absent.
  func output(_ index: Int) -> ValueID? { index < outputs.count ? outputs[index] : nil }

  /// A contradiction in this node.
  func invalid(_ problem: String) -> ConversionError {
    .invalid("node \"\(name)\" (\(op)): \(problem)")
  }

  /// Something of this node that is not supported.
  func obstacle(_ problem: String, remedy: String) -> Obstacle {
    Obstacle(
      node: name, op: domain.isEmpty ? op : "\(domain).\(op)", opset: opset, problem: problem,
      remedy: remedy)
  }
}

extension Node {
  /// The obstacle as an error, for rules that find it on their way.
  func refusal(_ problem: String, remedy: String) -> ConversionError {
    .obstacles([obstacle(problem, remedy: remedy)])
  }
}

extension Graph {
  /// The value of an operand; nil when absent.
  func operand(_ node: Node, _ index: Int) -> Value? { node.input(index).map { self[$0] } }

  /// The content of an operand when it is known at conversion.
  func constant(_ node: Node, _ index: Int) -> Tensor? { operand(node, index)?.constant }

  /// Type of a required operand.
  func type(_ node: Node, _ index: Int) throws -> ElementType {
    guard let type = operand(node, index)?.type else {
      throw node.invalid("operand \(index) is missing")
    }
    return type
  }

  /// Shape of a required operand.
  func shape(_ node: Node, _ index: Int) throws -> [Dimension] {
    guard let shape = operand(node, index)?.shape else {
      throw node.invalid("operand \(index) is missing")
    }
    return shape
  }

  /// The content of an integer operand: constants, or sizes in terms of the inputs' symbols.
  func content(_ node: Node, _ index: Int) -> [Dimension]? {
    guard let value = operand(node, index) else { return nil }
    if let constant = value.constant { return constant.integers.map { Dimension(Int($0)) } }
    return value.symbolic
  }

  /// The integers of an operand that must be known at conversion.
  /// - Throws: `ConversionError.obstacles` when they are not.
  func integers(_ node: Node, _ index: Int, _ what: String) throws -> [Int] {
    if let content = content(node, index) {
      let known = content.compactMap(\.constant)
      if known.count == content.count { return known }
    }
    throw ConversionError.obstacles([
      node.obstacle(
        "\(what) depends on run-time data",
        remedy: "make \(what) constant, or a function of input sizes")
    ])
  }
}

extension Tensor {
  /// Integers as `Int`.
  var ints: [Int] { integers.map { Int($0) } }

  /// The first element of a float operand.
  var scalar: Float? { floats.first }
}

/// A required operand of an evaluation.
func need(_ node: Node, _ inputs: [Tensor?], _ index: Int) throws -> Tensor {
  guard index < inputs.count, let tensor = inputs[index] else {
    throw node.invalid("operand \(index) is missing")
  }
  return tensor
}

/// An optional operand of an evaluation.
func optional(_ inputs: [Tensor?], _ index: Int) -> Tensor? {
  index < inputs.count ? inputs[index] : nil
}

/// A possibly negative axis made non-negative.
/// - Throws: `ConversionError.invalid` when it is outside the rank.
func axis(_ axis: Int, rank: Int, _ node: Node) throws -> Int {
  let positive = axis < 0 ? axis + rank : axis
  guard positive >= 0, positive < rank else {
    throw node.invalid("axis \(axis) is outside rank \(rank)")
  }
  return positive
}
