import EdgeFormat

/// What the caller may choose.
public struct QuantizationOptions: Sendable {
  public var observer = Observer.auto
  /// Power of the error that `mse` and `auto` minimise.
  public var errorExponent = Observer.exponent
  /// Names of nodes that stay float.
  public var keepFloat: Set<String> = []
  /// Positions of nodes that were found to add too much noise in INT8.
  public var noisyNodes: Set<Int> = []
  /// Whether weight scales may clip the largest weights where that lowers their squared error.
  public var searchWeightScales = true
  /// How many times its own extent an operand's range may become by sharing a concatenation's scale.
  ///
  /// Beyond it the operand is rescaled there. Infinite: operands always share.
  public var sharingRatio: Float = 1.5

  public init() {}

  /// Whether the weights of a layer may be clipped: not where inputs are as they come, whose largest channels meet the
  /// largest weights.
  func searchesScale(_ choice: PrecisionChoice) -> Bool {
    searchWeightScales && choice.precision != .dynamic
  }
}

/// How one quantized value got its parameters.
public struct ValueChoice: Sendable {
  public var parameters: AffineParameters
  public var range: ObservedRange
  /// Part of the values seen that lies outside the range.
  public var clipped: Double
  /// Expected signal to quantization noise, in dB.
  public var expectedSQNR: Double
  /// Largest magnitude over the 99.99th percentile of magnitudes.
  public var outlierRatio: Double
  /// Values that share the parameters, this one included.
  public var sharedBy: Int
}

/// A quantization with its reasons.
public struct QuantizationChoices: Sendable {
  public var quantization: Quantization
  /// By position in `graph.nodes`.
  public var nodes: [PrecisionChoice]
  public var values: [ValueID: ValueChoice]
}

/// Turns the distributions of a graph's values into a quantization.
public struct Quantizer {
  private let graph: Graph
  private let rules: [QuantizeRule]
  private let options: QuantizationOptions
  private let assignment: PrecisionAssignment
  private let groups: ParameterGroups
  private let uses: Uses

  /// - Parameters:
  ///   - graph: the graph after all passes, the one that will be emitted.
  ///   - rules: the quantize rule of each node.
  /// - Throws: `ConversionError.usage` when `keepFloat` names a node that does not exist.
  public init(graph: Graph, rules: [QuantizeRule], options: QuantizationOptions) throws {
    _ = try graph.existing(options.keepFloat)
    self.graph = graph
    self.rules = rules
    self.options = options
    assignment = PrecisionAssignment(graph: graph, rules: rules, options: options)
    groups = ParameterGroups(graph: graph, rules: rules, choices: assignment.choices)
    uses = Uses(graph)
  }

  /// With the rules of `Operator.table`.
  init(graph: Graph, options: QuantizationOptions) throws {
    try self.init(
      graph: graph, rules: graph.nodes.map { Operator.of($0)?.quantize ?? .float }, options: options
    )
  }

  /// Decisions of a quantizer with more nodes in INT8, cut down to the nodes of this one.
  func narrowed(_ choices: QuantizationChoices) -> QuantizationChoices {
    let kept = Set(quantizedValues())
    var result = choices
    result.nodes = assignment.choices
    result.quantization.precision = assignment.choices.map(\.precision)
    result.values = choices.values.filter { kept.contains($0.key) }
    result.quantization.values = choices.quantization.values.filter { kept.contains($0.key) }
    return result
  }

  /// The arithmetic of every node and why, by position.
  public var choices: [PrecisionChoice] { assignment.choices }

  /// The values whose distribution is needed, ascending: those that will be INT8.
  public var observed: [ValueID] {
    quantizedValues().filter { graph[$0].constant == nil }
  }

  /// The quantization for these distributions.
  public func choose(_ histograms: [ValueID: Histogram]) -> QuantizationChoices {
    var quantization = Quantization(floatNodes: graph.nodes.count)
    quantization.precision = assignment.choices.map(\.precision)
    var groups = self.groups
    groups.joinConcatenations(
      graph: graph, choices: assignment.choices, ratio: options.sharingRatio
    ) {
      range(of: $0, histograms)
    }
    var choices: [ValueID: ValueChoice] = [:]
    var members: [ValueID: [ValueID]] = [:]
    for value in quantizedValues() {
      members[groups.representative(value), default: []].append(value)
    }
    for values in members.values {
      let choice = self.choice(values, histograms, groups)
      for value in values {
        choices[value] = choice
        quantization.values[value] = choice.parameters
      }
    }
    for (position, node) in graph.nodes.enumerated()
    where assignment.choices[position].precision != .float32 {
      guard rules[position].hasWeights, let id = node.inputs[1],
        let weights = graph[id].constant
      else { continue }
      quantization.weightScales[position] = WeightScales.channels(node, weights).map {
        WeightScales.scale($0, searching: options.searchesScale(assignment.choices[position]))
      }
    }
    return QuantizationChoices(
      quantization: quantization, nodes: assignment.choices, values: choices)
  }

  /// Operands of INT8 nodes, and the results of those that cannot write float.
  private func quantizedValues() -> [ValueID] {
    var found: Set<ValueID> = []
    for (position, node) in graph.nodes.enumerated()
    where assignment.choices[position].precision == .int8 {
      found.formUnion(node.activations(rules[position]))
      if rules[position].hasWeights, !node.addsCodes { continue }
      found.formUnion(node.outputs.compactMap { $0 })
    }
    for state in graph.states where found.contains(state.input) { found.insert(state.output) }
    return found.sorted()
  }

  /// Smallest and largest element of a value, 0 included.
  private func range(of value: ValueID, _ histograms: [ValueID: Histogram]) -> ClosedRange<Float> {
    if let constant = graph[value].constant {
      let finite = constant.floats.filter(\.isFinite)
      return Swift.min(finite.min() ?? 0, 0)...Swift.max(finite.max() ?? 0, 0)
    }
    guard let histogram = histograms[value], histogram.minimum <= histogram.maximum else {
      return 0...0
    }
    return Swift.min(histogram.minimum, 0)...Swift.max(histogram.maximum, 0)
  }

  private func choice(
    _ values: [ValueID], _ histograms: [ValueID: Histogram], _ groups: ParameterGroups
  ) -> ValueChoice {
    var merged = Histogram()
    let origins = values.filter { isOrigin($0, groups) }
    for value in origins {
      if let constant = graph[value].constant {
        // A fill counts once: it must not outweigh what is written over it.
        merged.add(constant.uniform == nil ? constant.floats : Array(constant.floats.prefix(1)))
      } else if let histogram = histograms[value] {
        merged.merge(histogram)
      }
    }
    let range =
      fixedRange(origins)
      ?? observer(values, origins).range(of: merged, exponent: options.errorExponent)
    let parameters = AffineParameters(low: range.low, high: range.high)
    return ValueChoice(
      parameters: parameters, range: range, clipped: merged.fraction(outside: parameters.range),
      expectedSQNR: merged.expectedSQNR(parameters), outlierRatio: merged.outlierRatio,
      sharedBy: values.count)
  }

  /// Whether the value has elements that no other member of its group has.
  private func isOrigin(_ value: ValueID, _ groups: ParameterGroups) -> Bool {
    guard let position = uses.producer[value.index] else { return true }
    guard case .passThrough = rules[position], assignment.choices[position].precision == .int8
    else { return true }
    let node = graph.nodes[position]
    let group = groups.representative(value)
    return node.op == "Pad"
      || node.activations(rules[position]).contains { groups.representative($0) != group }
  }

  /// Inputs lie on a grid of their own (pixels): their ends are kept, as are those of what the model returns.
  private func observer(_ values: [ValueID], _ origins: [ValueID]) -> Observer {
    let areInputs = origins.allSatisfy { graph.inputs.contains($0) || graph[$0].constant != nil }
    if areInputs { return .minmax }
    if case .percentile = options.observer, values.contains(where: { uses.isOutput[$0.index] }) {
      return .minmax
    }
    return options.observer
  }

  /// The range of functions that have one, when nothing else shares the parameters.
  private func fixedRange(_ origins: [ValueID]) -> ObservedRange? {
    guard origins.count == 1, let position = uses.producer[origins[0].index] else { return nil }
    switch graph.nodes[position].op {
    case "Sigmoid", "HardSigmoid", "Softmax":
      return ObservedRange(low: 0, high: 1, observer: .minmax)
    default: return nil
    }
  }
}

extension Graph {
  /// Names of nodes.
  /// - Throws: `ConversionError.usage` when one is the name of no node.
  func existing(_ names: some Sequence<String>) throws -> Set<String> {
    let wanted = Set(names)
    let missing = wanted.subtracting(nodes.flatMap { [$0.name] + $0.absorbed }).sorted()
    guard missing.isEmpty else {
      throw ConversionError.usage(
        "no node named \(missing.joined(separator: ", ")) to keep in float; `edgeconv inspect` lists the names"
      )
    }
    return wanted
  }
}
