import EdgeFormat

/// q `[N, H, T, D]` or `[N, T, D]`, k' `[N, H, D, S]`, v `[N, H, S, E]`, mask? → softmax(q k' * scale + mask) v of every head.
///
/// A second result `[N, H, S]` is what each key receives: its weights' sum over the queries.
/// "edge.Attention" is what `recognizeAttention` makes of the operators that spell it out; attribute `scale`. Its products
/// may be of int8 codes, which are made of the operands as they come: nothing of it needs calibration.
extension Operator {
  static let headAttention = Operator(
    "edge.Attention", opsets: latestOpset...latestOpset,
    infer: { node, graph in
      let (q, v) = (try graph.shape(node, 0), try graph.shape(node, 2))
      let type = try graph.type(node, 0)
      return [
        ValueType(type: type, shape: Array(q.dropLast()) + Array(v.suffix(1))),
        ValueType(type: type, shape: Array(v.dropLast())),
      ]
    },
    evaluate: { node, inputs in
      func apply(_ rule: Operator, _ op: String, _ operands: [Tensor?]) throws -> Tensor {
        let step = Node(
          name: node.name, op: op, opset: latestOpset, inputs: [], outputs: [],
          attributes: op == "Softmax" ? ["axis": .int(-1)] : [:])
        return try rule.evaluate(step, operands)[0]
      }
      let scale = node.float("scale", 1)
      var scores = try apply(matmul, "MatMul", [need(node, inputs, 0), need(node, inputs, 1)])
      scores = Tensor(scores.floats.map { $0 * scale }, shape: scores.shape)
      if let mask = optional(inputs, 3) {
        scores = try combine(node, scores, mask, { $0 + $1 }, { a, _ in a })
      }
      let weights = try apply(softmaxes[0], "Softmax", [scores])
      let result = try apply(matmul, "MatMul", [weights, need(node, inputs, 2)])
      return node.output(1) == nil ? [result] : [result, weights.received]
    }, quantize: .dynamic, lower: Lowering.headAttention)
}

extension Tensor {
  /// What weights `[..., T, S]` give each of S keys, summed over T.
  fileprivate var received: Tensor {
    let keys = shape[shape.count - 1], rows = shape[shape.count - 2]
    let weights = floats
    let sums = (0..<(count / Swift.max(rows, 1))).map { place -> Float in
      let first = place / keys * rows * keys + place % keys
      return (0..<rows).reduce(0) { $0 + weights[first + $1 * keys] }
    }
    return Tensor(sums, shape: Array(shape.dropLast(2)) + [keys])
  }
}

extension Lowering {
  /// One node over operands as they are stored, heads or rows first.
  static func headAttention(_ node: Node, _ lowering: inout Lowering) throws {
    let operands = try (0..<3).map { try lowering.input(node, $0) }
    let target = try lowering.output(node)
    let rank = try lowering.shape(of: target).count
    var parameters = AttentionParameters()
    parameters.scale = node.float("scale", 1)
    parameters.isInt8 = try lowering.multipliesCodes(operands[0]) ? 1 : 0
    var inputs: [PlanTensorID?] = []
    for (index, value) in operands.enumerated() {
      // Keys come transposed.
      let row = index == 1 ? rank - 1 : rank - 2, element = index == 1 ? rank - 2 : rank - 1
      let headsFirst = Array(0..<(rank - 2)) + [row, element]
      let rowsFirst = [0, row] + (rank == 4 ? [1] : []) + [element]
      let shape = try lowering.shape(of: value)
      let stored = lowering.forms[value]?.first?.order ?? Array(shape.indices)
      let isHeadsFirst = rank == 4 && AxisOrder.equivalent(stored, headsFirst, shape)
      if isHeadsFirst { parameters.headsFirst |= 1 << Int32(index) }
      let order = isHeadsFirst ? headsFirst : rowsFirst
      let operand = try lowering.operand(value, .float, order: order)
      inputs.append(lowering.view(operand.tensor, dims: lowering.heads(order.map { shape[$0] })))
    }
    if let mask = node.input(3) {
      var sizes = try lowering.shape(of: mask)
      let stored = try lowering.operand(mask, .float, order: Array(sizes.indices))
      if rank == 3, sizes.count == 3 { sizes.insert(Dimension(1), at: 1) }
      inputs.append(lowering.view(stored.tensor, dims: sizes))
    } else {
      inputs.append(nil)
    }
    let order = rank == 4 ? [0, 2, 1, 3] : [0, 1, 2]
    let y = try lowering.result(target, order: order)
    var outputs = [lowering.view(y.tensor, dims: lowering.heads(lowering[y.tensor].dims))]
    if let received = node.output(1) {
      let sums = try lowering.result(received)
      outputs.append(
        lowering.view(sums.tensor, dims: lowering.rowsOfHeads(lowering[sums.tensor].dims)))
      lowering.define(received, as: sums)
    }
    lowering.emit(.attention, inputs, outputs, parameters)
    lowering.define(target, as: y)
  }

  /// Sizes of the one head of a value without an axis of heads, behind its rows.
  private func heads(_ sizes: [Dimension]) -> [Dimension] {
    sizes.count == 4 ? sizes : [sizes[0], sizes[1], Dimension(1), sizes[2]]
  }

  /// Sizes `[N, H, S]` of a value with or without an axis of heads.
  private func rowsOfHeads(_ sizes: [Dimension]) -> [Dimension] {
    sizes.count == 3 ? sizes : [sizes[0], Dimension(1), sizes[1]]
  }

  /// Making codes of all keys and values pays when many queries read them: not a step at a time over what a state keeps.
  private func multipliesCodes(_ query: ValueID) throws -> Bool {
    let shape = try self.shape(of: query)
    let rows = try sizes.bound(of: shape[shape.count - 2], in: graph[query].name)
    return precision == .dynamic && graph.states.isEmpty && rows >= 8
  }
}
