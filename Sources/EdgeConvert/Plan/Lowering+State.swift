import EdgeFormat

/// Where a state of the graph lies in the plan.
struct StoredState: Sendable {
  /// The tensor of storage `state` that holds it, of the shape it has after a run.
  var root: PlanTensorID
  /// The state's axis at each stored position; an axis that grows is the outermost.
  var order: [Int]
  /// What a run of the plan reads.
  var input: PlanTensorID
}

extension Lowering {
  /// Makes the tensor of a state, and defines what nodes read of it.
  ///
  /// It is int8 when every reader wants it so.
  /// - Parameter preferred: the order of its axes, where it does not grow; nil is its own.
  mutating func addState(_ state: State, preferred: [Int]?) throws {
    let shape = try shape(of: state.input)
    var order = preferred ?? Array(shape.indices)
    if let growth = try graph.growth(of: state) {
      order = [growth.axis] + shape.indices.filter { $0 != growth.axis }
      if let target = appended(to: state) { appends[target] = states.count }
    }
    let affine = wantsInt8(state.input) ? quantization.values[state.input] : nil
    let after = try self.shape(of: state.output)
    let root = add(
      PlanTensor(
        name: graph[state.input].name,
        type: affine == nil ? storedType(of: state.input) : .int8,
        dims: order.map { after[$0] }, affine: affine, storage: .state))
    let input = view(root, dims: order.map { shape[$0] })
    states.append(StoredState(root: root, order: order, input: input))
    define(state.input, as: Stored(input, order: order))
  }

  /// The result of the concatenation that a growing state is, other names of it seen through.
  private func appended(to state: State) -> ValueID? {
    let relabels: Set = ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity", "Transpose"]
    var value = state.output
    while let node = graph.nodes.first(where: { $0.outputs.contains(value) }) {
      if node.op == "Concat" { return value }
      guard relabels.contains(node.op), let source = node.input(0) else { return nil }
      value = source
    }
    return nil
  }

  /// The tensor for the result of a concatenation that appends to a state in place: the state's
  /// own storage, where its old rows already are.
  /// - Parameters:
  ///   - target: the concatenation's result.
  ///   - first: its first operand, in the order of the result.
  ///   - axis: stored position of the axis that grows.
  mutating func appendedResult(_ target: ValueID, first: PlanTensorID, axis: Int, order: [Int])
    throws -> PlanTensorID?
  {
    guard axis == 0, let index = appends[target], self[first].alias == states[index].root else {
      return nil
    }
    let shape = try shape(of: target)
    var result = self[first]
    result.name = graph[target].name
    result.dims = order.map { shape[$0] }
    return add(result)
  }

  /// Appends the nodes that make states what they are in the next run.
  ///
  /// What states become is made first: one may become another as it was.
  mutating func storeStates() throws {
    var next: [PlanTensorID] = []
    for (state, stored) in zip(graph.states, states) {
      next.append(try nextValue(state, stored))
    }
    for (stored, value) in zip(states, next) where self[value].alias != stored.root {
      emit(.copy, [value], [view(stored.root, dims: self[value].dims)])
    }
  }

  private mutating func nextValue(_ state: State, _ stored: StoredState) throws -> PlanTensorID {
    let home = self[stored.root]
    let form: Representation
    if let affine = home.affine {
      form = .int8(affine)
    } else {
      form = home.type == .float32 ? .float : .type(home.type)
    }
    let value = try operand(state.output, form, order: stored.order).tensor
    guard self[value].storage == .state, self[value].alias != stored.root else { return value }
    let kept = try result(like: value, state.output, order: stored.order).tensor
    emit(.copy, [value], [kept])
    return kept
  }
}

extension Plan {
  /// The orders in which the next values of states come out, where they differ from the states' own
  /// and a state does not grow.
  func producedOrders(_ graph: Graph) -> [ValueID: [Int]] {
    var orders: [ValueID: [Int]] = [:]
    for (state, stored) in zip(graph.states, states) {
      guard let shape = graph[state.input].shape, shape == graph[state.output].shape,
        let produced = values[graph[state.output].name],
        !AxisOrder.equivalent(produced.order, stored.order, shape)
      else { continue }
      orders[state.input] = produced.order
    }
    return orders
  }

  /// Lets the nodes that make the next value of a state write it in place, where nobody reads the
  /// old one after, instead of copying it at the end.
  mutating func writeStatesInPlace() {
    let pinned = Set((inputs + outputs).map(root))
    for state in states {
      guard let copy = nodes.lastIndex(where: { $0.opCode == .copy && writes($0, state) }),
        let value = nodes[copy].inputs[0].map(root), self[value].storage == .arena,
        !pinned.contains(value),
        let maker = nodes.firstIndex(where: { $0.outputs.contains { root($0) == value } }),
        !nodes[(maker + 1)...].contains(where: { reads($0, state) }),
        !nodes.enumerated().contains(where: { $0 != copy && writes($1, state) }),
        mayWrite(nodes[maker], value, over: state)
      else { continue }
      for index in tensors.indices where root(PlanTensorID(index: index)) == value {
        tensors[index].alias = state.root
        tensors[index].storage = .state
      }
      nodes.remove(at: copy)
    }
  }

  private func reads(_ node: PlanNode, _ state: StoredState) -> Bool {
    node.inputs.contains { $0.map(root) == state.root }
  }

  private func writes(_ node: PlanNode, _ state: StoredState) -> Bool {
    node.outputs.contains { root($0) == state.root }
  }

  /// Whether a node may write its result `value` where it reads the state: it makes each element
  /// from the state's element of the same place, or begins by moving the state there.
  private func mayWrite(_ node: PlanNode, _ value: PlanTensorID, over state: StoredState) -> Bool {
    guard let result = node.outputs.firstIndex(where: { root($0) == value }) else { return false }
    return node.inputs.enumerated().allSatisfy { position, input in
      guard let input, root(input) == state.root else { return true }
      return node.opCode.computesInPlace(input: position, output: result)
        && self[input].dims == self[node.outputs[result]].dims
        && self[input].type.byteCount == self[node.outputs[result]].type.byteCount
    }
  }
}

extension OpCode {
  /// Whether an output may share storage with an input of the same shape.
  fileprivate func computesInPlace(input: Int, output: Int) -> Bool {
    switch self {
    case .unary, .lookup, .binary: true
    case .lstm, .gru, .rnn: (input, output) == (4, 1) || (input, output) == (5, 2)
    default: false
    }
  }
}
