extension Passes {
  /// softmax(q k' * scale + mask) v as MatMul, Mul or Div by a number, Add, Softmax and MatMul spell it out becomes
  /// "edge.Attention" of q, k', v and the mask.
  ///
  /// Left as they are: scores that something else reads too, operands that broadcast against each other, and those
  /// that come quantized, whose products have an arithmetic of their own.
  static let recognizeAttention: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) {
      guard let found = attention(endingAt: position, sweep) else { continue }
      var node = Node(
        name: sweep[position].name, op: "edge.Attention", opset: Operator.latestOpset,
        inputs: found.operands, outputs: sweep[position].outputs,
        attributes: ["scale": .float(found.scale)])
      for other in found.positions {
        node.absorb(sweep[other])
        sweep.remove(other)
      }
      node.absorbed += sweep[position].absorbed
      sweep.replace(position, by: node)
    }
    return sweep.finish()
  }

  /// The operands, and the nodes but for the last.
  private struct FoundAttention {
    var operands: [ValueID?]
    var scale: Float = 1
    var positions: [Int]
  }

  private static func attention(endingAt position: Int, _ sweep: Rewriter) -> FoundAttention? {
    let last = sweep[position], graph = sweep.graph
    guard isProduct(last, graph), let v = last.input(1),
      let softmax = sweep.privateProducer(of: last.input(0), for: position),
      sweep[softmax].op == "Softmax", let scores = sweep[softmax].input(0),
      let shape = graph[scores].shape, shape.count == 3 || shape.count == 4,
      (try? Operator.softmaxAxes(sweep[softmax], rank: shape.count)) == [shape.count - 1],
      var maker = sweep.privateProducer(of: scores, for: softmax)
    else { return nil }
    var found = FoundAttention(operands: [], positions: [softmax])
    var mask: ValueID?
    if sweep[maker].op == "Add" {
      guard let (product, other) = addend(maker, shape, sweep) else { return nil }
      found.positions.append(maker)
      (maker, mask) = (product, other)
    }
    if let (product, factor) = scaled(maker, sweep) {
      found.positions.append(maker)
      found.scale = factor
      maker = product
    }
    found.positions.append(maker)
    guard isProduct(sweep[maker], graph), let q = sweep[maker].input(0),
      let k = sweep[maker].input(1), let queries = graph[q].shape, let keys = graph[k].shape,
      let values = graph[v].shape,
      queries.count == shape.count, keys.count == shape.count, values.count == shape.count,
      queries.dropLast(2) == keys.dropLast(2), keys.dropLast(2) == values.dropLast(2),
      shape.count == 3 || queries[1].constant != nil, queries.last?.constant != nil,
      values.last?.constant != nil
    else { return nil }
    found.operands = mask == nil ? [q, k, v] : [q, k, v, mask]
    return found
  }

  /// A product of two activations of real numbers that do not come quantized.
  private static func isProduct(_ node: Node, _ graph: Graph) -> Bool {
    guard node.op == "MatMul", node.inputs.count == 2, let output = node.output(0),
      graph[output].type == .float32
    else { return false }
    return node.inputs.allSatisfy { operand in
      guard let operand, graph[operand].constant == nil else { return false }
      return !graph.nodes.contains { $0.op == "Requantize" && $0.outputs.contains(operand) }
    }
  }

  /// The node that makes the scores of a sum, and the mask: a row for each or for all queries.
  private static func addend(
    _ position: Int, _ shape: [Dimension], _ sweep: Rewriter
  ) -> (Int, ValueID)? {
    let node = sweep[position]
    for (own, other) in [(0, 1), (1, 0)] {
      guard let scores = node.input(own), let mask = node.input(other),
        sweep.graph[scores].shape == shape, let sizes = sweep.graph[mask].shape,
        !sizes.isEmpty, sizes.count <= shape.count, sizes.last == shape.last,
        zip(sizes.reversed(), shape.reversed()).allSatisfy({ $0 == $1 || $0.constant == 1 }),
        let maker = sweep.privateProducer(of: scores, for: position),
        sweep[maker].op == "MatMul" || scaled(maker, sweep) != nil
      else { continue }
      return (maker, mask)
    }
    return nil
  }

  /// The product that a node multiplies by a number, and the number.
  private static func scaled(_ position: Int, _ sweep: Rewriter) -> (Int, Float)? {
    let node = sweep[position]
    let places = node.op == "Mul" ? [(0, 1), (1, 0)] : node.op == "Div" ? [(0, 1)] : []
    for (own, other) in places {
      guard let number = sweep.graph.constant(node, other), number.count == 1,
        let factor = number.scalar, factor.isFinite, factor != 0,
        let maker = sweep.privateProducer(of: node.input(own), for: position),
        sweep[maker].op == "MatMul"
      else { continue }
      return (maker, node.op == "Div" ? 1 / factor : factor)
    }
    return nil
  }
}
