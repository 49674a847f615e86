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
  ///   another input's.
  mutating func resize(input position: Int, dims: InlineArray<8, Int>) throws(EdgeError) {
    let before = input(position)
    guard !hasSizes(before, dims) else { return }
    forgetFoundSizes()
    setSymbols(input: position, dims: dims)
    do throws(EdgeError) {
      try applySizes()
      try checkNodes(from: 0)
      guard hasSizes(input(position), dims) else {
        throw EdgeError(
          .shapeMismatch, "input %s has an axis whose size another input sets: set that one first",
          name: model.name(model.inputRecord(position).name))
      }
    } catch {
      // The old sizes have passed before, at validation or at an earlier resize.
      setSymbols(input: position, dims: before.dims)
      try? applySizes()
      throw error
    }
    hasRun = false
  }

  private func hasSizes(_ view: TensorView, _ dims: InlineArray<8, Int>) -> Bool {
    for axis in 0..<view.rank where view.dims[axis] != dims[axis] { return false }
    return true
  }

  /// Gives the sizes that nodes find their bounds, at which the nodes are checked, until they are
  /// found again.
  mutating func forgetFoundSizes() {
    guard model.hasFoundSizes else { return }
    for index in 0..<model.symbolCount
    where model.symbols[index].source == SizeSource.node.rawValue {
      sizes[index] = Int(model.symbols[index].bound)
    }
    hasRun = false
    // These sizes have passed before, at validation or at a resize.
    try? applySizes()
  }

  /// Takes the size that a node has found, and checks the nodes after it at the sizes that follow.
  func setFoundSize(_ size: Int, by node: Int) throws(EdgeError) {
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
    guard isNew else { return }
    try applySizes()
    try checkNodes(from: node + 1)
  }

  /// Evaluates every expression and writes the sizes into the views.
  private func applySizes() throws(EdgeError) {
    model.evaluateExpressions(sizes)
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
        views[index].dims[axis] = size
      }
    }
  }

  /// Checks the nodes from an index on at the sizes of now.
  private func checkNodes(from first: Int) throws(EdgeError) {
    for index in first..<model.nodeCount {
      guard let node = model.view(index, views) else { continue }
      do throws(EdgeError) {
        try OperatorTable.check(node)
      } catch {
        throw EdgeError(.shapeMismatch, "node %0 cannot run at these sizes", index)
          .at(section: .nodes, node: index)
      }
      // Kernels may cut smaller sizes in another way, which must not need more than the session
      // has.
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
}
