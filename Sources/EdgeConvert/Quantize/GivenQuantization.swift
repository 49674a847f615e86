import EdgeFormat

/// The quantization that a model brings along: which nodes run in INT8 and in which parameters
/// their values are, as its `Requantize` nodes and constants' grids say.
///
/// A node computes in INT8 when all it reads is quantized and, unless it can write float, all that
/// reads its result wants the same parameters. Relu, Clip and movement are looked through on the
/// way to these: rounding is monotone, so it may come before them. The file then computes what the
/// model says to the bit, but for the order of float operations.
struct GivenQuantization {
  /// The graph without the Requantize nodes whose work their producers do.
  private(set) var graph: Graph
  private(set) var quantization: Quantization
  /// By position in `graph.nodes`.
  private(set) var choices: [PrecisionChoice]

  private let uses: Uses
  private let keepFloat: Set<String>

  /// - Parameters:
  ///   - graph: as `QuantizationReader` gives it, after all passes.
  ///   - keepFloat: names of nodes that stay float.
  init(_ graph: Graph, keepFloat: Set<String> = []) {
    self.graph = graph
    self.keepFloat = keepFloat
    uses = Uses(graph)
    quantization = Quantization(floatNodes: graph.nodes.count)
    quantization.isGiven = true
    choices = []
    for input in graph.inputs where graph[input].type == .float32 {
      quantization.values[input] = wanted(input)
    }
    for position in graph.nodes.indices {
      let reason = decide(position)
      choices.append(
        PrecisionChoice(precision: reason == nil ? .int8 : .float32, reason: reason ?? ""))
    }
    dropNeedless()
    quantization.precision = choices.map(\.precision)
  }

  /// What to emit.
  var decided: Conversion.Decided {
    Conversion.Decided(
      graph: graph, reference: graph,
      choices: QuantizationChoices(quantization: quantization, nodes: choices, values: [:]),
      steps: [summary])
  }

  /// How much of the model its maker has quantized.
  var summary: String {
    let int8 = choices.count { $0.precision == .int8 }
    return "quantized by its maker: \(int8) nodes INT8, \(choices.count - int8) float"
  }

  // MARK: Nodes

  /// Settles the results of a node; why it stays float, or nil.
  private mutating func decide(_ position: Int) -> String? {
    let node = graph.nodes[position]
    if let affine = AffineParameters(node), let output = node.output(0) {
      quantization.values[output] = affine
      return nil
    }
    let rule = Operator.of(node)?.quantize ?? .float
    if case .float = rule { return "no INT8 form of \(node.op)" }
    if !keepFloat.isDisjoint(with: [node.name] + node.absorbed) {
      return "kept in float on request"
    }
    if node.outputs.contains(where: { $0.map { !graph[$0].isReal } ?? false }) {
      return "result is not real-valued"
    }
    switch rule {
    case .float: return nil
    case .dynamic: return "its products come in float"
    case .weighted: return weigh(position, node)
    case .recurrent: return "its recurrent weights have no INT8 form that comes with a model"
    case .table, .rescaled, .binary: return compute(node, rule)
    case .passThrough: return node.op == "Concat" ? join(node) : move(node)
    }
  }

  private mutating func weigh(_ position: Int, _ node: Node) -> String? {
    if node.op == "MatMul", let b = node.input(1), graph[b].constant == nil {
      guard node.inputs.allSatisfy({ $0.map { quantization.values[$0] != nil } ?? true }) else {
        return Self.unquantized
      }
      if let output = node.output(0) { quantization.values[output] = wanted(output) }
      return nil
    }
    if let obstacle = graph.weightObstacle(node) { return obstacle }
    guard let x = node.input(0), quantization.values[x] != nil else { return Self.unquantized }
    guard let id = node.input(1), let weights = graph[id].constant,
      let scales = graph[id].grid?.scales(
        along: WeightScales.axis(node), count: WeightScales.channelCount(node, weights))
    else { return "its weights have no scale an output channel" }
    for (row, scale) in zip(WeightScales.channels(node, weights), scales) {
      guard row.allSatisfy({ (-128.5...127.5).contains($0 / scale) }) else {
        return "its weights have a zero point that INT8 weights cannot have"
      }
    }
    quantization.weightScales[position] = scales
    if let output = node.output(0) { quantization.values[output] = wanted(output) }
    return nil
  }

  private mutating func compute(_ node: Node, _ rule: QuantizeRule) -> String? {
    let operands = node.activations(rule)
    guard operands.contains(where: { graph[$0].constant == nil }) else {
      return "operand is constant"
    }
    for operand in operands where !isQuantized(operand) { return Self.unquantized }
    guard let output = node.output(0), let affine = wanted(output) else {
      return "its result is not quantized"
    }
    quantization.values[output] = affine
    return nil
  }

  /// Results keep the parameters of what is moved.
  private mutating func move(_ node: Node) -> String? {
    guard let source = node.input(0), isQuantized(source), let affine = quantization.values[source]
    else { return Self.unquantized }
    let outputs = node.outputs.compactMap { $0 }
    if !isExact(node, affine), !outputs.allSatisfy({ wanted($0) == affine }) {
      return "its result is not quantized like its operand"
    }
    for output in outputs { quantization.values[output] = affine }
    return nil
  }

  /// Operands are brought to the parameters of the result.
  private mutating func join(_ node: Node) -> String? {
    guard let output = node.output(0) else { return nil }
    let operands = node.inputs.compactMap { $0 }
    let present = operands.map { isQuantized($0) ? quantization.values[$0] : nil }
    let common = Set(present).count == 1 ? present[0] : nil
    guard present.contains(where: { $0 != nil }), let affine = wanted(output) ?? common else {
      return Self.unquantized
    }
    quantization.values[output] = affine
    return nil
  }

  private static let unquantized = "its operands are not quantized"

  /// Whether elements stay what they are, so that no rounding is needed.
  private func isExact(_ node: Node, _ affine: AffineParameters) -> Bool {
    switch node.op {
    case "Resize", "Upsample": return node.string("mode") ?? "nearest" == "nearest"
    case "Pad":
      let value = graph.constant(node, 2)?.scalar ?? node.float("value") ?? 0
      return affine.rounded(value) == value
    default: return true
    }
  }

  /// Whether an operand is quantized, or a constant that can be.
  private mutating func isQuantized(_ value: ValueID) -> Bool {
    if quantization.values[value] != nil { return true }
    guard let constant = graph[value].constant, constant.type.isFloat else { return false }
    if let affine = graph[value].grid?.affine, constant.floats.allSatisfy(affine.range.contains) {
      quantization.values[value] = affine
    }
    return quantization.values[value] != nil || constant.count == 1
  }

  // MARK: Values

  /// The parameters in which everything that reads a value takes it; nil when something reads it
  /// in float, or readers differ.
  private func wanted(_ value: ValueID) -> AffineParameters? {
    guard !uses.isOutput[value.index], let first = uses.readers[value.index].first,
      let affine = wanted(value, by: graph.nodes[first]),
      uses.readers[value.index].dropFirst().allSatisfy({
        wanted(value, by: graph.nodes[$0]) == affine
      })
    else { return nil }
    return affine
  }

  private func wanted(_ value: ValueID, by node: Node) -> AffineParameters? {
    if let affine = AffineParameters(node) { return affine }
    guard isMonotone(node), keepFloat.isDisjoint(with: [node.name] + node.absorbed),
      node.input(0) == value || node.op == "Concat"
    else { return nil }
    let results = node.outputs.compactMap { $0 }.map { wanted($0) }
    guard let affine = results.first ?? nil, results.allSatisfy({ $0 == affine }),
      isExact(node, affine)
    else { return nil }
    return affine
  }

  /// Whether rounding may come before the node instead of after it.
  private func isMonotone(_ node: Node) -> Bool {
    switch node.op {
    case "Relu": return true
    case "Clip":
      return (1...2).allSatisfy { node.input($0) == nil || graph.constant(node, $0) != nil }
    case "Cast", "ReduceMax", "ReduceMin", "Where": return false
    default:
      guard case .passThrough? = Operator.of(node)?.quantize else { return false }
      return true
    }
  }

  /// Takes out the Requantize nodes that read their value as they would write it.
  private mutating func dropNeedless() {
    var names: [ValueID: ValueID] = [:]
    var kept: [Int] = []
    for (position, node) in graph.nodes.enumerated() {
      guard node.op == "Requantize", let x = node.input(0), let y = node.output(0),
        let affine = quantization.values[x], affine == quantization.values[y]
      else {
        kept.append(position)
        continue
      }
      if !uses.isOutput[y.index] {
        names[y] = x
      } else if uses.producer[x.index] != nil, names[x] == nil {
        names[x] = y
      } else {
        kept.append(position)
      }
    }
    func name(_ value: ValueID?) -> ValueID? {
      var value = value
      while let id = value, let next = names[id] { value = next }
      return value
    }
    let scales = quantization.weightScales
    quantization.weightScales = [:]
    let nodes = graph.nodes
    graph.nodes = kept.enumerated().map { place, position in
      var node = nodes[position]
      node.inputs = node.inputs.map(name)
      node.outputs = node.outputs.map(name)
      quantization.weightScales[place] = scales[position]
      return node
    }
    choices = kept.map { choices[$0] }
  }
}
