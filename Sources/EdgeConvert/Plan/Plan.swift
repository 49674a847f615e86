import EdgeFormat

/// A lowered model: everything of a `.edge` file but the places of its tensors in memory.
struct Plan: Sendable {
  var tensors: [PlanTensor]
  var nodes: [PlanNode]
  var inputs: [PlanTensorID]
  var outputs: [PlanTensorID]
  /// Where the states of the session lie.
  let states: [StoredState]
  let sizes: RuntimeSizes
  /// The tensor that first holds each computed value of the graph, by the value's name.
  var values: [String: Stored]

  subscript(id: PlanTensorID) -> PlanTensor { tensors[id.index] }

  /// The tensor that owns the storage.
  func root(_ id: PlanTensorID) -> PlanTensorID { tensors[id.index].alias ?? id }

  /// The tensors that nodes and interface refer to, and those of states, ascending.
  var used: [PlanTensorID] {
    var found: Set<PlanTensorID> = Set(inputs + outputs + states.map(\.root))
    for node in nodes {
      for case let input? in node.inputs { found.insert(input) }
      found.formUnion(node.outputs)
    }
    return found.sorted()
  }

  /// Lowers a graph.
  /// - Parameters:
  ///   - graph: canonical, every shape inferred.
  ///   - quantization: of this graph.
  ///   - sizes: bounds of its run-time sizes.
  ///   - rule: the lowering of a node; nil when there is none.
  /// - Throws: `ConversionError.obstacles` with every node that has no lowering.
  init(
    graph: Graph, quantization: Quantization, sizes: RuntimeSizes,
    rule: (Node) -> Operator.LoweringRule? = { Operator.of($0)?.lower }
  ) throws {
    guard quantization.precision.count == graph.nodes.count else {
      throw ConversionError.invalid(
        "the quantization describes \(quantization.precision.count) nodes, the graph has \(graph.nodes.count)"
      )
    }
    let first = try Plan(
      Lowering(graph: graph, quantization: quantization, sizes: sizes), stateOrders: [:], rule: rule
    )
    let orders = first.producedOrders(graph)
    if orders.isEmpty {
      self = first
    } else {
      let second = try Plan(
        Lowering(graph: graph, quantization: quantization, sizes: sizes), stateOrders: orders,
        rule: rule)
      self = second.nodes.count < first.nodes.count ? second : first
    }
  }

  /// Fills an empty lowering.
  /// - Parameter stateOrders: orders of the axes of states that should not lie in their own.
  private init(
    _ empty: Lowering, stateOrders: [ValueID: [Int]], rule: (Node) -> Operator.LoweringRule?
  ) throws {
    var lowering = empty
    let graph = lowering.graph
    inputs = try graph.inputs.map { try lowering.inputTensor($0) }
    for state in graph.states {
      try lowering.addState(state, preferred: stateOrders[state.input])
    }
    var obstacles: [Obstacle] = []
    for step in Schedule(graph).steps {
      guard case .node(let position, let part) = step else {
        try lowering.steer(step)
        continue
      }
      let node = graph.nodes[position]
      lowering.enter(part, own: Set(node.outputs.compactMap { $0 }))
      if lowering.absorbed.contains(position) { continue }
      lowering.position = position
      do {
        guard let rule = rule(node) else {
          if graph.isSizes(node) { continue }
          throw lowering.unsupported(
            node, "nothing in the runtime executes it",
            remedy: "replace it, or make its inputs constant")
        }
        try rule(node, &lowering)
        if lowering.quantization.isGiven { try lowering.settle(node) }
      } catch ConversionError.obstacles(let found) {
        obstacles += found
        for case let output? in node.outputs {
          lowering.define(output, as: try lowering.result(output))
        }
      }
    }
    if !obstacles.isEmpty { throw ConversionError.obstacles(obstacles) }
    lowering.position = graph.nodes.count
    lowering.enter(.trunk, own: [])
    outputs = try graph.outputs.map { try lowering.outputTensor($0) }
    try lowering.storeStates()
    tensors = lowering.tensors
    nodes = lowering.nodes
    states = lowering.states
    sizes = lowering.sizes
    values = [:]
    for (value, forms) in lowering.forms where graph[value].constant == nil {
      values[graph[value].name] = forms.first
    }
    try joinAnswers(lowering.answers)
    join(lowering.bypasses)
    fuseTables()
    writeStatesInPlace()
    countExitParts()
    countSkipParts()
  }
}

extension Lowering {
  /// The tensor of a graph input, in the input's own axis order: int8 when every reader wants it
  /// so.
  mutating func inputTensor(_ value: ValueID) throws -> PlanTensorID {
    let affine = wantsInt8(value) ? quantization.values[value] : nil
    let stored = try result(value, affine: affine, type: graph[value].type ?? .float32)
    if self[stored.tensor].type == .float16 {
      // Half floats are computed in float32.
      try deliver(value, stored)
    } else {
      define(value, as: stored)
    }
    return stored.tensor
  }

  /// Whether every reader of a value that comes from outside wants it in INT8.
  func wantsInt8(_ value: ValueID) -> Bool {
    if quantization.isGiven { return true }
    let readers = consumers[value] ?? []
    return !readers.isEmpty && !outputs.contains(value)
      && readers.allSatisfy { quantization.precision[$0] == .int8 }
  }

  /// Lets a node's results be read in their given parameters only, also where it wrote float.
  mutating func settle(_ node: Node) throws {
    for case let output? in node.outputs {
      guard let affine = quantization.values[output], let written = forms[output]?.first,
        !has(written, .int8(affine))
      else { continue }
      forms[output] = [try operand(output, .int8(affine))]
    }
  }

  /// The tensor of a graph output, in the output's own axis order; a constant, an input or another
  /// output is copied.
  mutating func outputTensor(_ value: ValueID) throws -> PlanTensorID {
    let order = Array(try shape(of: value).indices)
    var representation = Representation.native
    if storedType(of: value) == .float32 {
      representation = quantization.values[value].map { .int8($0) } ?? .float
      if graph[value].constant != nil { representation = .float }
    }
    var stored = try operand(value, representation, order: order)
    if graph[value].type == .float16, self[stored.tensor].affine == nil {
      let half = try result(value, type: .float16)
      emit(.cast, [stored.tensor], [half.tensor])
      stored = half
    }
    let root = self[stored.tensor].alias ?? stored.tensor
    let isInput = graph.inputs.contains { forms[$0]?.first?.tensor == root }
    guard isInput || self[root].storage != .arena else { return named(stored.tensor, value) }
    let copy = try result(like: stored.tensor, value)
    emit(.copy, [stored.tensor], [copy.tensor])
    return copy.tensor
  }

  /// The tensor under the output's name.
  private mutating func named(_ tensor: PlanTensorID, _ value: ValueID) -> PlanTensorID {
    if self[tensor].name == graph[value].name { return tensor }
    var alias = self[tensor]
    alias.alias = alias.alias ?? tensor
    alias.bytes = []
    alias.name = graph[value].name
    return add(alias)
  }
}
