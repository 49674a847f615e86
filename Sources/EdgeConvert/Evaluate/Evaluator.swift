/// Runs a graph in float32 on the workstation: the accuracy oracle, and what calibration observes.
///
/// A value is freed after its last reader. Evaluations of one evaluator may run side by side.
public struct Evaluator: Sendable {
  private let graph: Graph
  private let rules: [Operator]
  /// For every node, the values that no later node reads.
  private let dead: [[ValueID]]

  /// - Throws: `ConversionError.obstacles` for every node whose operator has no reference.
  public init(_ graph: Graph) throws {
    self.graph = graph
    var rules: [Operator] = []
    var missing: [Obstacle] = []
    for node in graph.nodes {
      if let rule = Operator.of(node) {
        rules.append(rule)
      } else {
        missing.append(
          node.obstacle("is not known", remedy: "replace it by operators of the ONNX domain"))
      }
    }
    guard missing.isEmpty else { throw ConversionError.obstacles(missing) }
    self.rules = rules
    dead = graph.lastReads()
    _ = singleThreadedBLAS
  }

  /// Computes the outputs.
  ///
  /// - Parameters:
  ///   - inputs: a tensor for every graph input, by name.
  ///   - observe: sees every value that is computed, and the inputs, in order.
  /// - Returns: the outputs in the graph's order.
  /// - Throws: `ConversionError.usage` when inputs are missing or do not fit; `.invalid` when
  ///   operands contradict.
  public func run(
    _ inputs: [String: Tensor], observe: ((ValueID, Tensor) throws -> Void)? = nil
  ) throws -> [Tensor] {
    var values = try bind(inputs)
    if let observe {
      for id in graph.inputs { if let tensor = values[id.index] { try observe(id, tensor) } }
    }
    for (index, node) in graph.nodes.enumerated() {
      let operands = node.inputs.map { id in id.flatMap { values[$0.index] ?? graph[$0].constant } }
      let results = try rules[index].evaluate(node, operands)
      for (output, tensor) in zip(node.outputs, results) {
        guard let output else { continue }
        values[output.index] = tensor
        try observe?(output, tensor)
      }
      for id in dead[index] { values[id.index] = nil }
    }
    return try graph.outputs.map { id in
      guard let tensor = values[id.index] ?? graph[id].constant else {
        throw ConversionError.invalid("nothing computes the output \"\(graph[id].name)\"")
      }
      return tensor
    }
  }

  private func bind(_ inputs: [String: Tensor]) throws -> [Tensor?] {
    var values = [Tensor?](repeating: nil, count: graph.values.count)
    var symbols: [String: Int] = [:]
    for id in graph.inputs {
      let value = graph[id]
      guard let tensor = inputs[value.name] else {
        throw ConversionError.usage(
          "input \"\(value.name)\" is missing; the inputs are \(graph.inputNames)")
      }
      if let shape = value.shape {
        let fits =
          shape.count == tensor.shape.count
          && zip(shape, tensor.shape).allSatisfy { expected, found in
            if let symbol = expected.symbolName {
              symbols[symbol] = symbols[symbol] ?? found
              return symbols[symbol] == found
            }
            return expected.constant ?? found == found
          }
        guard fits else {
          throw ConversionError.usage(
            "input \"\(value.name)\" has shape \(tensor.shape), not \(shape)")
        }
      }
      values[id.index] = tensor
    }
    return values
  }
}

extension Graph {
  /// Names of the inputs, for messages.
  var inputNames: String { inputs.map { self[$0].name }.joined(separator: ", ") }

  /// For every node, the computed values that no later node reads and that are no outputs.
  func lastReads() -> [[ValueID]] {
    var dead = [[ValueID]](repeating: [], count: nodes.count)
    var seen = Set(outputs)
    for index in nodes.indices.reversed() {
      for id in nodes[index].inputs + nodes[index].outputs {
        if let id, seen.insert(id).inserted { dead[index].append(id) }
      }
    }
    return dead
  }
}
