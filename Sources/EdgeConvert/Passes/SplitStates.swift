import EdgeFormat

extension Passes {
  /// Splits a state that is joined from parts at the end of a run and sliced into the same parts at
  /// its beginning, such as one cache for all layers, into a state for each part.
  ///
  /// So each part can be written, or grow, in place.
  static let splitStates: @Sendable (Graph) throws -> Graph? = { graph in
    var result = graph
    result.states = []
    for state in graph.states {
      if let parts = StateParts(state, graph) {
        parts.split(&result)
      } else {
        result.states.append(state)
      }
    }
    return result.states.count == graph.states.count ? nil : result
  }
}

/// The parts of a state along one axis.
private struct StateParts {
  let state: State
  /// The axis along which parts are joined.
  let axis: Int
  /// What each part becomes.
  let outputs: [ValueID]
  let ranges: [Range<Int>]
  /// For each node that reads the state, the range of each of its outputs.
  private var readers: [Int: [Range<Int>]] = [:]

  /// Finds the parts; nil when the state is not joined from several of constant size, or when a
  /// node reads more of it than one part.
  init?(_ state: State, _ graph: Graph) {
    guard let shape = graph[state.input].shape, !graph.results.contains(state.input),
      let join = graph.nodes.first(where: { $0.outputs.contains(state.output) }),
      join.op == "Concat", join.inputs.count > 1,
      let axis = try? EdgeConvert.axis(join.int("axis", 1), rank: shape.count, join)
    else { return nil }
    self.state = state
    self.axis = axis
    outputs = join.inputs.compactMap { $0 }
    var ranges: [Range<Int>] = []
    for part in outputs {
      guard let size = graph[part].shape?[axis].constant else { return nil }
      let start = ranges.last?.upperBound ?? 0
      ranges.append(start..<(start + size))
    }
    self.ranges = ranges
    for (position, node) in graph.nodes.enumerated() where node.inputs.contains(state.input) {
      guard let taken = taken(by: node, graph, shape),
        taken.allSatisfy({ range in ranges.contains { holds($0, range) } })
      else { return nil }
      readers[position] = taken
    }
  }

  private func holds(_ part: Range<Int>, _ range: Range<Int>) -> Bool {
    part.lowerBound <= range.lowerBound && range.upperBound <= part.upperBound
  }

  /// What each output of a node takes of the axis; nil when the node does something else.
  private func taken(by node: Node, _ graph: Graph, _ shape: [Dimension]) -> [Range<Int>]? {
    guard node.input(0) == state.input, node.inputs.dropFirst().allSatisfy({ $0 != state.input })
    else { return nil }
    switch node.op {
    case "Slice":
      guard let form = try? SliceForm(node, graph), form.steps[axis] == 1,
        shape.indices.allSatisfy({
          $0 == axis || form.shape[$0] == shape[$0] && form.steps[$0] == 1
        }),
        let start = form.starts[axis].constant, let count = form.shape[axis].constant
      else { return nil }
      return [start..<(start + count)]
    case "Gather":
      guard (try? EdgeConvert.axis(node.int("axis", 0), rank: shape.count, node)) == axis,
        let indices = node.input(1).flatMap({ graph[$0].constant }), indices.count == 1,
        let size = shape[axis].constant
      else { return nil }
      let index = indices.ints[0] < 0 ? indices.ints[0] + size : indices.ints[0]
      return [index..<(index + 1)]
    case "Split":
      guard (try? EdgeConvert.axis(node.int("axis", 0), rank: shape.count, node)) == axis else {
        return nil
      }
      var start = 0
      var found: [Range<Int>] = []
      for output in node.outputs {
        guard let output, let size = graph[output].shape?[axis].constant else { return nil }
        found.append(start..<(start + size))
        start += size
      }
      return found
    default: return nil
    }
  }

  /// Gives a graph the parts in place of the state.
  func split(_ graph: inout Graph) {
    let whole = graph[state.input]
    let inputs = ranges.enumerated().map { index, range in
      var part = Value(name: "\(whole.name)/\(index)", type: whole.type, shape: whole.shape)
      part.shape?[axis] = Dimension(range.count)
      return graph.add(part)
    }
    for (input, output) in zip(inputs, outputs) {
      graph.states.append(State(input: input, output: output))
    }
    graph.nodes = graph.nodes.enumerated().flatMap { position, node in
      guard let taken = readers[position] else { return [node] }
      return taken.indices.map { read(taken[$0], of: inputs, for: node, output: $0, &graph) }
    }
  }

  /// The node that takes a range out of the part that has it.
  private func read(
    _ range: Range<Int>, of inputs: [ValueID], for node: Node, output: Int, _ graph: inout Graph
  ) -> Node {
    let index = ranges.firstIndex { holds($0, range) } ?? 0
    let start = range.lowerBound - ranges[index].lowerBound
    func constant(_ value: Int, _ role: String, shape: [Int]) -> ValueID {
      let name = "\(node.name)/\(graph.values.count)/\(role)"
      return graph.add(Value(name: name, Tensor([Int64(value)], shape: shape)))
    }
    var made = node
    made.outputs = [node.outputs[output]]
    made.inputs = [inputs[index]]
    made.opset = Operator.latestOpset
    made.attributes = [:]
    if node.op == "Gather" {
      made.attributes["axis"] = .int(Int64(axis))
      let shape = node.input(1).flatMap { graph[$0].constant?.shape } ?? []
      made.inputs.append(constant(start, "index", shape: shape))
    } else if range.count == ranges[index].count {
      made.op = "Identity"
    } else {
      made.op = "Slice"
      made.inputs += [
        constant(start, "start", shape: [1]), constant(start + range.count, "end", shape: [1]),
        constant(axis, "axis", shape: [1]),
      ]
    }
    return made
  }
}
