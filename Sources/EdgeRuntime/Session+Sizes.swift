import EdgeFormat

extension Session {
  /// Sets the size of one axis of an input for the runs that follow; the caller has checked it
  /// against the bound.
  private mutating func setSymbols(input position: Int, dims: InlineArray<8, Int>) {
    for index in 0..<model.symbolCount where model.symbols[index].isSet(by: .input, position) {
      sizes[index] = dims[Int(model.symbols[index].axis)]
    }
  }

  /// Throws `shapeMismatch` when an axis is above its bound, or differs where it is fixed.
  func checkShape(input position: Int, rank: Int, dims: InlineArray<8, Int>) throws(EdgeError) {
    let record = model.inputRecord(position)
    let name = model.name(record.name)
    if record.rank == 0, rank == 1, dims[0] == 1 { return }  // A scalar given as a list of one.
    guard rank == Int(record.rank) else {
      throw EdgeError(
        .shapeMismatch, "input %s has %0 axes, %1 were given", Int(record.rank), rank, name: name)
    }
    for axis in 0..<rank {
      let bound = record.dimension(axis)
      if record.expression(axis) == 0 {
        guard dims[axis] == bound else {
          throw EdgeError(
            .shapeMismatch, "input %s, axis %0: the model has %1, %2 was given", axis, bound,
            dims[axis], name: name)
        }
      } else {
        guard dims[axis] >= 0, dims[axis] <= bound else {
          throw EdgeError(
            .shapeMismatch,
            "input %s, axis %0: at most %1 (the bound at conversion), %2 was given: convert with a larger --bound",
            axis, bound, dims[axis], name: name)
        }
      }
    }
  }

  /// Gives an input new sizes, which `checkShape` has passed, and recomputes those of every tensor
  /// that depends on them.
  ///
  /// On an error the session keeps its sizes.
  /// - Throws: `shapeMismatch` when the plan does not hold for these sizes, or when an axis follows
  ///   another input's; `outOfRange` when a state is full.
  mutating func resize(input position: Int, dims: InlineArray<8, Int>) throws(EdgeError) {
    if countersHaveMoved && model.inputRecord(position).dynamicAxes != 0 { try prepareSizes() }
    let before = input(position).dims
    guard !hasSizes(input(position), dims) else { return }
    setSymbols(input: position, dims: dims)
    do throws(EdgeError) {
      try applySizesOfInputs()
      guard hasSizes(input(position), dims) else {
        throw EdgeError(
          .shapeMismatch, "input %s has an axis whose size another input sets: set that one first",
          name: model.name(model.inputRecord(position).name))
      }
    } catch {
      setSymbols(input: position, dims: before)
      // These sizes have passed before; should they not pass now, no run passes them either.
      try? applySizesOfInputs()
      throw error
    }
    hasRun = false
  }

  private func hasSizes(_ view: TensorView, _ dims: InlineArray<8, Int>) -> Bool {
    for axis in 0..<view.rank where view.dims[axis] != dims[axis] { return false }
    return true
  }

  /// Makes the views show the sizes with which the next run begins: counters as the last run has
  /// moved them, and the bounds of what nodes find.
  /// - Throws: `outOfRange` when a state is full, with nothing changed; `shapeMismatch` when the
  ///   plan does not hold for these sizes.
  mutating func prepareSizes() throws(EdgeError) {
    if countersHaveMoved || model.hasFoundSizes || !areNodesChecked { try applySizesOfInputs() }
  }

  /// Sets of how many in `allTokens` tokens stay at each elimination; 0 for the file's default.
  mutating func setTokens(_ parts: Int) throws(EdgeError) {
    guard model.hasTokens else { return }
    var isNew = false
    for index in 0..<model.symbolCount
    where model.symbols[index].source == SizeSource.tokens.rawValue {
      let value = parts == 0 ? Int(model.symbols[index].input) : parts
      isNew = isNew || sizes[index] != value
      sizes[index] = value
    }
    if isNew { try applySizesOfInputs() }
  }

  /// Tokens that the last elimination before a node keeps at these sizes; 0 without one.
  func keptTokens(before end: Int) -> Int {
    guard model.hasTokens else { return 0 }
    for index in stride(from: end - 1, through: 0, by: -1)
    where model.nodes[index].opCode == OpCode.keepTokens.rawValue {
      return model.view(index, slots)?.output().dims[0] ?? 0
    }
    return 0
  }

  /// Applies sizes that nodes find at their bounds, at which the nodes are checked, until they are
  /// found again.
  private mutating func applySizesOfInputs() throws(EdgeError) {
    try checkCounters()
    if model.hasFoundSizes || countersHaveMoved { hasRun = false }
    for index in 0..<model.symbolCount
    where model.symbols[index].source == SizeSource.node.rawValue {
      sizes[index] = Int(model.symbols[index].bound)
    }
    try applySizes()
    for index in 0..<model.tensorCount { slots[index].isResized = false }
    countersHaveMoved = false
  }

  /// Takes the size that a node has found, and checks the nodes after it at the sizes that follow.
  mutating func setFoundSize(_ size: Int, by node: Int) throws(EdgeError) {
    var isNew = false
    for index in 0..<model.symbolCount where model.symbols[index].isSet(by: .node, node) {
      guard size <= Int(model.symbols[index].bound) else {
        throw EdgeError(
          .shapeMismatch, "node %0 found a size of %1, more than the bound %2", node, size,
          Int(model.symbols[index].bound)
        ).at(section: .nodes, node: node)
      }
      isNew = isNew || sizes[index] != size
      sizes[index] = size
    }
    if isNew { try applySizes(after: node) }
  }

  /// Evaluates every expression, writes the sizes into the slots, and checks the nodes after an
  /// index whose operands have changed since the run began.
  ///
  /// When that fails, all nodes are checked before the next run.
  private mutating func applySizes(after first: Int = -1) throws(EdgeError) {
    let isSound = areNodesChecked
    areNodesChecked = false
    model.evaluateExpressions(sizes)
    try resizeTensors()
    for index in (first + 1)..<model.nodeCount where !isSound || isResized(node: index) {
      try checkNode(index)
    }
    areNodesChecked = true
  }

  private func resizeTensors() throws(EdgeError) {
    let values = sizes + model.symbolCount
    for index in 0..<model.tensorCount {
      let record = model.tensors[index]
      guard record.dynamicAxes != 0 else { continue }
      for axis in 0..<Int(record.rank) where record.expression(axis) != 0 {
        let size = values[record.expression(axis) - 1]
        guard size >= 0, size <= record.dimension(axis) else {
          throw EdgeError(
            .shapeMismatch, "%s, axis %0: size %1 is outside 0...%2 for these inputs", axis, size,
            record.dimension(axis),
            name: model.name(record.name))
        }
        if slots[index].dims[axis] != size {
          slots[index].dims[axis] = size
          slots[index].isResized = true
        }
      }
    }
  }

  /// Whether a node has an operand whose sizes have changed.
  private func isResized(node index: Int) -> Bool {
    let record = model.nodes[index]
    let start = Int(record.operandStart)
    for position in start..<(start + Int(record.inputCount) + Int(record.outputCount)) {
      let operand = model.operands[position]
      if operand != NodeRecord.absent && slots[Int(operand)].isResized { return true }
    }
    return false
  }

  private func checkNode(_ index: Int) throws(EdgeError) {
    guard let node = model.view(index, slots) else { return }
    do throws(EdgeError) {
      try OperatorTable.check(node)
    } catch {
      throw EdgeError(.shapeMismatch, "node %0 cannot run at these sizes", index)
        .at(section: .nodes, node: index)
    }
    // Kernels may cut smaller sizes in another way, which must not need more than the session has.
    let scratchBytes = OperatorTable.workspaceBytes(node)
    guard scratchBytes <= model.scratchBytes else {
      throw EdgeError(
        .shapeMismatch,
        "node %0 needs %1 bytes of scratch at these sizes, more than the %2 of its bounds",
        index, scratchBytes, model.scratchBytes
      ).at(section: .nodes, node: index)
    }
  }
}

// Sizes that the session counts from run to run: rows that a state holds.
extension Session {
  /// Moves the counters to what the run that has ended made of them.
  mutating func advanceCounters() {
    let values = sizes + model.symbolCount
    setCounters { values[Int($0.input)] }
  }

  /// Sets the counters to 0.
  mutating func resetCounters() { setCounters { _ in 0 } }

  private mutating func setCounters(_ value: (SymbolRecord) -> Int) {
    guard model.hasCounters else { return }
    for index in 0..<model.symbolCount
    where model.symbols[index].source == SizeSource.counter.rawValue {
      sizes[index] = value(model.symbols[index])
    }
    countersHaveMoved = true
  }

  /// Throws `outOfRange` when a counter is above its bound.
  private func checkCounters() throws(EdgeError) {
    for index in 0..<model.symbolCount {
      let symbol = model.symbols[index]
      guard symbol.source == SizeSource.counter.rawValue else { continue }
      guard sizes[index] >= 0, sizes[index] <= Int(symbol.bound) else {
        throw EdgeError(
          .outOfRange,
          "the state is full: %s has reached %0, above its bound %1: reset the session, or convert with a larger --bound",
          sizes[index], Int(symbol.bound), name: model.name(symbol.name))
      }
    }
  }
}
