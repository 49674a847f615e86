extension Passes {
  /// x * sigmoid(x) is Swish; x * hard_sigmoid(x) and x * clip(x + 3, 0, 6) / 6 are HardSwish;
  /// x * (1 + erf(x / sqrt 2)) / 2 is Gelu.
  static let recognizeGates: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) && sweep[position].op == "Mul" {
      for (x, gate) in operandPairs(sweep[position]) {
        if recognizeSigmoid(position, x, gate, &sweep) || recognizeClip(position, x, gate, &sweep)
          || recognizeErf(position, x, gate, &sweep)
        {
          break
        }
      }
    }
    return sweep.finish()
  }

  private static func operandPairs(_ node: Node) -> [(ValueID, ValueID)] {
    guard let a = node.input(0), let b = node.input(1), a != b else { return [] }
    return [(a, b), (b, a)]
  }

  private static func become(
    _ op: String, _ position: Int, of x: ValueID, absorbing others: [Int], _ sweep: inout Rewriter
  ) {
    let last = sweep[position]
    var node = Node(
      name: last.name, op: op, opset: Operator.latestOpset, inputs: [x], outputs: last.outputs)
    node.absorbed = last.absorbed
    for other in others {
      node.absorb(sweep[other])
      sweep.remove(other)
    }
    sweep.replace(position, by: node)
  }

  private static func recognizeSigmoid(
    _ position: Int, _ x: ValueID, _ gate: ValueID, _ sweep: inout Rewriter
  ) -> Bool {
    guard let inner = sweep.privateProducer(of: gate, for: position), sweep[inner].input(0) == x
    else { return false }
    switch sweep[inner].op {
    case "Sigmoid": become("Swish", position, of: x, absorbing: [inner], &sweep)
    case "HardSigmoid"
    where isNear(sweep[inner].float("alpha", 0.2), 1 / 6) && sweep[inner].float("beta", 0.5) == 0.5:
      become("HardSwish", position, of: x, absorbing: [inner], &sweep)
    default: return false
    }
    return true
  }

  /// x * (clip(x + 3, 0, 6) / 6) and (x * clip(x + 3, 0, 6)) / 6, the division also as a product.
  private static func recognizeClip(
    _ position: Int, _ x: ValueID, _ gate: ValueID, _ sweep: inout Rewriter
  ) -> Bool {
    guard let inner = sweep.privateProducer(of: gate, for: position) else { return false }
    if let clip = sixth(inner, sweep).flatMap({ sweep.privateProducer(of: $0, for: inner) }),
      let add = shiftedClip(clip, x, sweep)
    {
      become("HardSwish", position, of: x, absorbing: [add, clip, inner], &sweep)
      return true
    }
    if let add = shiftedClip(inner, x, sweep),
      let outer = sweep.soleReader(of: sweep[position].output(0)),
      sixth(outer, sweep) == sweep[position].output(0)
    {
      become("HardSwish", outer, of: x, absorbing: [add, inner, position], &sweep)
      return true
    }
    return false
  }

  /// The operand that a node divides by 6.
  private static func sixth(_ position: Int, _ sweep: Rewriter) -> ValueID? {
    let node = sweep[position]
    if node.op == "Div", isNear(scalar(node.input(1), sweep.graph), 6) { return node.input(0) }
    guard node.op == "Mul" else { return nil }
    return operandPairs(node).first { isNear(scalar($0.1, sweep.graph), 1 / 6) }?.0
  }

  /// The Add of a clip(x + 3, 0, 6).
  private static func shiftedClip(_ position: Int, _ x: ValueID, _ sweep: Rewriter) -> Int? {
    guard sweep[position].op == "Clip", let range = try? ClipRange(sweep[position], sweep.graph),
      range.low == 0,
      range.high == 6, let add = sweep.privateProducer(of: sweep[position].input(0), for: position),
      sweep[add].op == "Add",
      operandPairs(sweep[add]).contains(where: { $0.0 == x && scalar($0.1, sweep.graph) == 3 })
    else { return nil }
    return add
  }

  /// The Mul at `position` takes 1 + erf(x / sqrt 2), with x / 2, or with x and then a half, or
  /// with a half and then x.
  private static func recognizeErf(
    _ position: Int, _ other: ValueID, _ gate: ValueID, _ sweep: inout Rewriter
  ) -> Bool {
    guard let add = sweep.privateProducer(of: gate, for: position), sweep[add].op == "Add",
      let erfValue = operandPairs(sweep[add]).first(where: { scalar($0.1, sweep.graph) == 1 })?.0,
      let erf = sweep.privateProducer(of: erfValue, for: add), sweep[erf].op == "Erf",
      let scale = sweep.privateProducer(of: sweep[erf].input(0), for: erf),
      let x = rootHalf(scale, sweep)
    else { return false }
    let inner = [scale, erf, add]
    if let half = sweep.privateProducer(of: other, for: position), halved(half, sweep) == x {
      become("Gelu", position, of: x, absorbing: inner + [half], &sweep)
      return true
    }
    guard let outer = sweep.soleReader(of: sweep[position].output(0)) else { return false }
    let product = sweep[position].output(0)
    let isHalf = isNear(scalar(other, sweep.graph), 0.5)
    let ends =
      isHalf
      ? sweep[outer].op == "Mul"
        && operandPairs(sweep[outer]).contains { $0.0 == x && $0.1 == product }
      : other == x && halved(outer, sweep) == product
    guard ends else { return false }
    become("Gelu", outer, of: x, absorbing: inner + [position], &sweep)
    return true
  }

  private static func rootHalf(_ position: Int, _ sweep: Rewriter) -> ValueID? {
    let node = sweep[position]
    if node.op == "Div", isNear(scalar(node.input(1), sweep.graph), 1.414_213_5) {
      return node.input(0)
    }
    guard node.op == "Mul" else { return nil }
    return operandPairs(node).first { isNear(scalar($0.1, sweep.graph), 0.707_106_77) }?.0
  }

  private static func halved(_ position: Int, _ sweep: Rewriter) -> ValueID? {
    let node = sweep[position]
    if node.op == "Div", isNear(scalar(node.input(1), sweep.graph), 2) { return node.input(0) }
    guard node.op == "Mul" else { return nil }
    return operandPairs(node).first { isNear(scalar($0.1, sweep.graph), 0.5) }?.0
  }

  /// The float that a constant of one element holds.
  static func scalar(_ id: ValueID?, _ graph: Graph) -> Float? {
    guard let id, let constant = graph[id].constant, constant.count == 1, constant.type.isFloat
    else { return nil }
    return constant.scalar
  }

  private static func isNear(_ value: Float?, _ expected: Float) -> Bool {
    value.map { abs($0 - expected) <= 1e-5 * abs(expected) } ?? false
  }
}
