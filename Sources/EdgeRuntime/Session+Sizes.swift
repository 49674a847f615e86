import EdgeFormat

extension Session {
  /// Sets the size of one axis of an input for the runs that follow; the caller has checked it
  /// against the bound.
  private mutating func setSymbols(input position: Int, dims: InlineArray<8, Int>) {
    for index in 0..<model.symbolCount where Int(model.symbols[index].input) == position {
      sizes[index] = dims[Int(model.symbols[index].axis)]
    }
  }

  /// Gives an input new sizes and recomputes those of every tensor that depends on them.
  ///
  /// On an error the session keeps its sizes.
  /// - Throws: `shapeMismatch` when an axis is above its bound, or differs where it is fixed;
  ///   `modelCorrupt` when the plan does not hold for these sizes.
  public mutating func resize(input position: Int, rank: Int, dims: InlineArray<8, Int>)
    throws(EdgeError)
  {
    let record = model.inputRecord(position)
    let name = model.name(record.name)
    guard rank == Int(record.rank) else {
      throw EdgeError(
        .shapeMismatch, "input %s has %0 axes, %1 were given", Int(record.rank), rank, name: name)
    }
    var changed = false
    let before = input(position).dims
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
      changed = changed || dims[axis] != before[axis]
    }
    guard changed else { return }
    setSymbols(input: position, dims: dims)
    do throws(EdgeError) {
      try applySizes()
    } catch {
      setSymbols(input: position, dims: before)
      try? applySizes()
      throw error
    }
    hasRun = false
  }

  /// Evaluates every expression and writes the sizes into the views; then checks the nodes at these
  /// sizes.
  private func applySizes() throws(EdgeError) {
    evaluateExpressions()
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
    for index in 0..<model.nodeCount {
      guard let node = model.view(index, views) else { continue }
      try OperatorTable.check(node)
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

  private func evaluateExpressions() {
    let values = sizes + model.symbolCount
    for index in 0..<model.expressionCount {
      let record = model.expressions[index]
      let left = Int(record.left)
      let right = Int(record.right)
      // Sizes are below 2^31 and checked above; wrapping keeps hostile plans from trapping.
      switch ExpressionKind(rawValue: record.kind) {
      case .constant, nil: values[index] = left
      case .symbol: values[index] = sizes[left]
      case .add: values[index] = values[left] &+ values[right]
      case .multiply: values[index] = values[left] &* values[right]
      case .floorDivide: values[index] = floorQuotient(values[left], values[right])
      case .maximum: values[index] = max(values[left], values[right])
      case .minimum: values[index] = min(values[left], values[right])
      }
    }
  }

  /// Floor of a / b; -1, which no axis accepts, when b is 0 or the quotient overflows.
  private func floorQuotient(_ a: Int, _ b: Int) -> Int {
    let (quotient, overflow) = a.dividedReportingOverflow(by: b)
    if overflow { return -1 }
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
  }
}
