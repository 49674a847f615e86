/// The arithmetic of a node and why.
public struct PrecisionChoice: Sendable, Equatable {
  public var precision: Precision
  /// Why the node is not INT8; empty when it is.
  public var reason: String
}

/// Decides for every node whether it runs in INT8.
///
/// Convolutions and matrix products with constant weights do; what lies between them (pools, sums, tables, movement)
/// does when its operands come from INT8 nodes and INT8 nodes read its result. Products of what is computed in float are
/// `dynamic`. Everything else stays float: a front end
/// before the first convolution, a tail after the last, an island that would only convert to and fro.
struct PrecisionAssignment {
  private let graph: Graph
  private let rules: [QuantizeRule]
  private let uses: Uses
  private let cycles: StateCycles
  private(set) var choices: [PrecisionChoice]

  /// - Parameters:
  ///   - graph: the graph after all passes.
  ///   - rules: per node.
  ///   - options: names of nodes that stay float.
  init(graph: Graph, rules: [QuantizeRule], options: QuantizationOptions) {
    self.graph = graph
    self.rules = rules
    uses = Uses(graph)
    cycles = StateCycles(graph, uses: uses)
    choices = []
    for position in graph.nodes.indices {
      choices.append(
        options.noisyNodes.contains(position)
          ? PrecisionChoice(precision: .float32, reason: "INT8 would add too much noise")
          : choice(position, options.keepFloat))
    }
    repeat { while dissolveIslands() {} } while chooseDynamic()
  }

  /// Lets matrix products of what is computed in float make their own codes, row by row: finer steps than one scale for all;
  /// true when one was found.
  private mutating func chooseDynamic() -> Bool {
    var changed = false
    for (position, node) in graph.nodes.enumerated() where isInt8(position) {
      guard node.op == "MatMul" || node.op == "Gemm" && node.int("transA", 0) == 0,
        case .weighted = rules[position], let x = node.input(0)
      else { continue }
      var producer = uses.producer[x.index]
      while let maker = producer, case .passThrough = rules[maker],
        let source = graph.nodes[maker].input(0)
      {
        producer = uses.producer[source.index]
      }
      // What evens out an input's channels computes nothing: its result is rounded as the input would be.
      guard let producer, !isInt8(producer), graph.nodes[producer].int("edge.evens") == nil else {
        continue
      }
      choices[position].precision = .dynamic
      changed = true
    }
    return changed
  }

  private func isInt8(_ position: Int) -> Bool { choices[position].precision == .int8 }

  private func choice(_ position: Int, _ keepFloat: Set<String>) -> PrecisionChoice {
    let (node, rule) = (graph.nodes[position], rules[position])
    func float(_ reason: String) -> PrecisionChoice {
      PrecisionChoice(precision: .float32, reason: reason)
    }
    if !keepFloat.isDisjoint(with: [node.name] + node.absorbed) {
      return float("kept in float on request")
    }
    if case .float = rule { return float("no INT8 form of \(node.op)") }
    if case .dynamic = rule { return PrecisionChoice(precision: .dynamic, reason: "") }
    if let reduction = node.string("reduction"), ["add", "mul"].contains(reduction) {
      return float("sums and products of what is scattered leave int8")
    }
    if case .recurrent = rule { return PrecisionChoice(precision: .int8, reason: "") }
    let operands = node.activations(rule)
    guard let first = operands.first else { return float("no operand") }
    if operands.contains(where: { !graph[$0].isReal }) {
      return float("operand is not real-valued")
    }
    if node.outputs.dropFirst().contains(where: { $0.map { !graph[$0].isReal } ?? false }) {
      return float("second output is not real-valued")
    }
    if case .weighted = rule, let obstacle = graph.weightObstacle(node) { return float(obstacle) }
    if case .weighted = rule, let root = rootReading(node) {
      return float("its result goes into \(root), which needs relative precision")
    }
    if cycles.nodes.contains(position), isArithmetic(rule) {
      return float("it computes a state from what it was, where rounding would add up")
    }
    if operands.allSatisfy({ graph[$0].constant != nil }) {
      return float("\(graph[first].name) is constant")
    }
    return PrecisionChoice(precision: .int8, reason: "")
  }

  /// Whether a rule makes new values without weights.
  private func isArithmetic(_ rule: QuantizeRule) -> Bool {
    switch rule {
    case .table, .binary, .rescaled: true
    case .float, .weighted, .dynamic, .recurrent, .passThrough: false
    }
  }

  /// The logarithm or square root that a layer's result goes into, through elementwise operations and movement alone:
  /// a spectrum spans many orders of magnitude, of which INT8 keeps two.
  private func rootReading(_ node: Node) -> String? {
    var open = node.outputs.compactMap { $0 }
    var seen = Set(open)
    while let value = open.popLast() {
      for position in uses.readers[value.index] {
        let reader = graph.nodes[position]
        if reader.op == "Log" || reader.op == "Sqrt" { return reader.op }
        guard isElementwiseOrMovement(position) else { continue }
        open += reader.outputs.compactMap { $0 }.filter { seen.insert($0).inserted }
      }
    }
    return nil
  }

  private func isElementwiseOrMovement(_ position: Int) -> Bool {
    switch rules[position] {
    case .binary, .table, .passThrough: true
    case .weighted, .dynamic, .recurrent, .rescaled: false
    case .float: ["Div", "Max", "Min", "Pow", "Sum", "PRelu"].contains(graph.nodes[position].op)
    }
  }

  /// Turns nodes without INT8 neighbours to float; true when one was found.
  private mutating func dissolveIslands() -> Bool {
    var changed = false
    for position in graph.nodes.indices.reversed() where isInt8(position) {
      if rules[position].hasWeights { continue }
      let node = graph.nodes[position]
      let isRead = node.outputs.contains { $0.map(isReadInInt8) ?? false }
      if !isRead {
        choices[position] = PrecisionChoice(
          precision: .float32, reason: "result is only read in float")
        changed = true
      } else if !isFed(position) {
        choices[position] = PrecisionChoice(
          precision: .float32, reason: "operands are computed in float")
        changed = true
      }
    }
    return changed
  }

  /// Whether an INT8 node reads the value as an activation.
  func isReadInInt8(_ value: ValueID) -> Bool {
    uses.readers[value.index].contains {
      isInt8($0) && graph.nodes[$0].activations(rules[$0]).contains(value)
    }
  }

  /// Whether an operand arrives in INT8: from an INT8 node, or a model input that nobody reads in float and that the
  /// node only moves.
  private func isFed(_ position: Int) -> Bool {
    graph.nodes[position].activations(rules[position]).contains { value in
      if let producer = uses.producer[value.index] {
        if case .recurrent = rules[producer] { return false }
        return isInt8(producer)
      }
      guard case .passThrough = rules[position], graph[value].constant == nil else { return false }
      return uses.readers[value.index].allSatisfy(isInt8)
    }
  }
}
