import EdgeFormat

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

  /// What states hold between runs, by their input; a state that is not there holds zeros.
  public typealias Memory = [ValueID: Tensor]

  /// Computes the outputs with states at their beginning.
  public func run(
    _ inputs: [String: Tensor], observe: ((ValueID, Tensor) throws -> Void)? = nil
  ) throws -> [Tensor] {
    var memory: Memory = [:]
    return try run(inputs, memory: &memory, observe: observe)
  }

  /// Computes the outputs of each run of a sample, from states at their beginning.
  public func run(
    _ sample: LoadedSample, observe: ((ValueID, Tensor) throws -> Void)? = nil
  ) throws -> [[Tensor]] {
    var memory: Memory = [:]
    return try sample.runs.map {
      try run(graph.named($0), memory: &memory, observe: observe)
    }
  }

  /// Computes the outputs.
  ///
  /// - Parameters:
  ///   - inputs: a tensor for every graph input, by name.
  ///   - memory: of the run before; this one's when it is done.
  ///   - observe: sees every value that is computed, and the inputs and states, in order.
  /// - Returns: the outputs in the graph's order.
  /// - Throws: `ConversionError.usage` when inputs are missing or do not fit; `.invalid` when
  ///   operands contradict.
  public func run(
    _ inputs: [String: Tensor], memory: inout Memory,
    observe: ((ValueID, Tensor) throws -> Void)? = nil
  ) throws -> [Tensor] {
    var values = try bind(inputs, memory)
    if let observe {
      for id in graph.inputs + graph.states.map(\.input) {
        if let tensor = values[id.index] { try observe(id, tensor) }
      }
    }
    let sizes = symbols(of: values)
    func known(_ id: ValueID) -> Tensor? {
      values[id.index] ?? graph[id].constant ?? graph[id].content(at: sizes)
    }
    for (index, node) in graph.nodes.enumerated() {
      let operands = node.inputs.map { $0.flatMap(known) }
      let results = try rules[index].evaluate(node, operands)
      for (output, tensor) in zip(node.outputs, results) {
        guard let output else { continue }
        values[output.index] = tensor
        try observe?(output, tensor)
      }
      for id in dead[index] { values[id.index] = nil }
    }
    func result(_ id: ValueID) throws -> Tensor {
      guard let tensor = known(id) else {
        throw ConversionError.invalid("nothing computes the output \"\(graph[id].name)\"")
      }
      return tensor
    }
    for state in graph.states { memory[state.input] = try result(state.output) }
    return try graph.outputs.map(result)
  }

  private func bind(_ inputs: [String: Tensor], _ memory: Memory) throws -> [Tensor?] {
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
    for state in graph.states {
      values[state.input.index] = try memory[state.input] ?? start(state, symbols)
    }
    return values
  }

  /// The run-time sizes that inputs and states have.
  private func symbols(of values: [Tensor?]) -> [String: Int] {
    var symbols = [TokenElimination.symbol: allTokens]
    for id in graph.inputs + graph.states.map(\.input) {
      for (size, found) in zip(graph[id].shape ?? [], values[id.index]?.shape ?? []) {
        if let name = size.symbolName { symbols[name] = found }
      }
    }
    return symbols
  }

  /// What a state holds before the first run: zeros, and nothing where it grows.
  private func start(_ state: State, _ symbols: [String: Int]) throws -> Tensor {
    var symbols = symbols
    if let growth = try graph.growth(of: state) { symbols[growth.symbol] = 0 }
    let shape = try (graph[state.input].shape ?? []).map { size in
      guard let value = size.evaluated(symbols) else {
        throw ConversionError.invalid(
          "state \"\(graph[state.input].name)\" has the run-time size \(size)")
      }
      return value
    }
    let type = graph[state.input].type ?? .float32
    let count = shape.reduce(1, *)
    return type.isFloat
      ? Tensor([Float](repeating: 0, count: count), shape: shape, type: type)
      : Tensor([Int64](repeating: 0, count: count), shape: shape, type: type)
  }
}

extension Value {
  /// The content of a value that is made of run-time sizes; nil for another.
  fileprivate func content(at symbols: [String: Int]) -> Tensor? {
    guard let symbolic, let shape = shape?.compactMap(\.constant) else { return nil }
    let values = symbolic.compactMap { $0.evaluated(symbols) }.map { Int64($0) }
    guard values.count == symbolic.count, values.count == shape.reduce(1, *) else { return nil }
    return Tensor(values, shape: shape, type: type ?? .int64)
  }
}

extension Graph {
  /// Names of the inputs, for messages.
  var inputNames: String { inputs.map { self[$0].name }.joined(separator: ", ") }

  /// For every node, the computed values that no later node reads and that are no results.
  func lastReads() -> [[ValueID]] {
    var dead = [[ValueID]](repeating: [], count: nodes.count)
    var seen = Set(results)
    for index in nodes.indices.reversed() {
      for id in nodes[index].inputs + nodes[index].outputs {
        if let id, seen.insert(id).inserted { dead[index].append(id) }
      }
    }
    return dead
  }
}
