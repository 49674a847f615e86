extension Passes {
  /// Operators that spell out a normalization of rows become "edge.Normalization": (x - mean) or x over
  /// sqrt(mean square + epsilon), by a quotient or the product with a reciprocal, with the constants
  /// of the last axis that multiply and shift the result.
  static let recognizeNormalizations: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) {
      guard var found = normalization(endingAt: position, sweep) else { continue }
      var node = Node(
        name: sweep[position].name, op: "edge.Normalization", opset: Operator.latestOpset,
        inputs: [found.x], outputs: sweep[position].outputs,
        attributes: [
          "epsilon": .float(found.epsilon), "centred": .int(found.isCentred ? 1 : 0),
        ])
      var last = position
      for op in ["Mul", "Add"] {
        guard let next = sweep.soleReader(of: node.output(0)), sweep[next].op == op,
          let row = constantRow(sweep[next], beside: node.output(0), sweep.graph)
        else {
          node.inputs.append(nil)
          continue
        }
        node.inputs.append(sweep.constant("\(sweep[next].name)/row", row))
        node.outputs = sweep[next].outputs
        found.positions.append(last)
        last = next
      }
      while node.inputs.last == .some(nil) { node.inputs.removeLast() }
      for other in found.positions {
        node.absorb(sweep[other])
        sweep.remove(other)
      }
      node.absorbed += sweep[last].absorbed
      node.name = sweep[last].name
      sweep.replace(last, by: node)
    }
    return sweep.finish()
  }

  /// What is normalized, and the nodes that do it but for the last.
  private struct Normalization {
    var x: ValueID
    var epsilon: Float
    var isCentred: Bool
    var positions: [Int]
  }

  private static func normalization(endingAt position: Int, _ sweep: Rewriter) -> Normalization? {
    guard let (v, rootMaker, between) = quotient(position, sweep), sweep[rootMaker].op == "Sqrt",
      sweep.graph[v].type?.isFloat == true
    else { return nil }
    var found = Normalization(x: v, epsilon: 0, isCentred: false, positions: between + [rootMaker])
    guard var square = sweep.privateProducer(of: sweep[rootMaker].input(0), for: rootMaker) else {
      return nil
    }
    if sweep[square].op == "Add" {
      for (value, other) in [(0, 1), (1, 0)] {
        guard let epsilon = scalar(sweep[square].input(other), sweep.graph),
          let inner = sweep.privateProducer(of: sweep[square].input(value), for: square)
        else { continue }
        found.epsilon = epsilon
        found.positions.append(square)
        square = inner
        break
      }
    }
    guard let squares = meanSquare(square, of: v, sweep) else { return nil }
    found.positions += squares
    let readers = Set([squares.last ?? square, position])
    guard let centre = sweep.producer(of: v), sweep[centre].op == "Sub",
      let x = sweep[centre].input(0),
      let mean = sweep.privateProducer(of: sweep[centre].input(1), for: centre),
      sweep[mean].op == "ReduceMean", sweep[mean].input(0) == x, isOfRows(mean, sweep),
      sweep.isRead(v, onlyBy: readers)
    else { return found }
    found.x = x
    found.isCentred = true
    found.positions += [centre, mean]
    return found
  }

  /// The dividend, the node that makes the divisor, and what stands between it and the quotient.
  private static func quotient(_ position: Int, _ sweep: Rewriter)
    -> (v: ValueID, root: Int, between: [Int])?
  {
    let node = sweep[position]
    guard node.inputs.count == 2, let a = node.input(0), let b = node.input(1) else { return nil }
    if node.op == "Div", let root = sweep.privateProducer(of: b, for: position) {
      return (a, root, [])
    }
    guard node.op == "Mul" else { return nil }
    for (v, factor) in [(a, b), (b, a)] {
      guard let inverse = sweep.privateProducer(of: factor, for: position) else { continue }
      let isReciprocal =
        sweep[inverse].op == "Reciprocal"
        || sweep[inverse].op == "Div" && scalar(sweep[inverse].input(0), sweep.graph) == 1
      guard isReciprocal,
        let root = sweep.privateProducer(of: sweep[inverse].inputs.last ?? nil, for: inverse)
      else { continue }
      return (v, root, [inverse])
    }
    return nil
  }

  /// The nodes of mean(v²) over the last axis, that ends at `position`, the one that reads v last.
  private static func meanSquare(_ position: Int, of v: ValueID, _ sweep: Rewriter) -> [Int]? {
    let node = sweep[position]
    if node.op == "ReduceMean", isOfRows(position, sweep),
      let square = sweep.privateProducer(of: node.input(0), for: position)
    {
      let maker = sweep[square]
      let isSquare =
        maker.op == "Mul" && maker.input(0) == v && maker.input(1) == v
        || maker.op == "Pow" && maker.input(0) == v
          && scalar(maker.input(1), sweep.graph) == 2
      return isSquare ? [position, square] : nil
    }
    guard node.op == "Div", let sum = sweep.privateProducer(of: node.input(0), for: position),
      sweep[sum].op == "ReduceSumSquare", sweep[sum].input(0) == v, isOfRows(sum, sweep),
      let length = rowLength(v, sweep.graph),
      scalar(node.input(1), sweep.graph) == Float(length)
    else { return nil }
    return [position, sum]
  }

  /// Whether a reduction is over the last axis and keeps it.
  private static func isOfRows(_ position: Int, _ sweep: Rewriter) -> Bool {
    guard let form = try? ReduceForm(sweep[position], sweep.graph), form.keepsAxes,
      let rank = sweep.graph.operand(sweep[position], 0)?.shape?.count
    else { return false }
    return form.axes == [rank - 1]
  }

  private static func rowLength(_ value: ValueID, _ graph: Graph) -> Int? {
    graph[value].shape?.last?.constant
  }

  /// The other operand of a node, when it is constant and the same for every row.
  private static func constantRow(_ node: Node, beside value: ValueID?, _ graph: Graph) -> Tensor? {
    guard let value, let length = rowLength(value, graph), node.inputs.count == 2,
      let output = node.output(0), graph[output].shape == graph[value].shape,
      let row = graph.constant(node, node.input(0) == value ? 1 : 0), row.type.isFloat,
      row.count == length, row.shape.last == length
    else { return nil }
    return row.reshaped([length])
  }
}
