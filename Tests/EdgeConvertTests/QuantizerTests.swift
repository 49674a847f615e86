import Testing

@testable import EdgeConvert

@Suite struct QuantizerTests {
  /// A graph written as lines of (operator, operands, result); names that start with "w" are 4x4x1x1 weights.
  private struct Sketch {
    var graph = Graph()
    var rules: [QuantizeRule] = []
    private var names: [String: ValueID] = [:]

    init(inputs: [String]) { graph.inputs = inputs.map { id($0) } }

    mutating func id(_ name: String) -> ValueID {
      if let known = names[name] { return known }
      var value = Value(name: name, type: .float32, shape: nil, constant: nil)
      if name.hasPrefix("w") {
        value.constant = Tensor((0..<16).map { Float($0) - 8 }, shape: [4, 4, 1, 1])
      }
      let id = graph.add(value)
      names[name] = id
      return id
    }

    mutating func node(
      _ op: String, _ inputs: [String], _ output: String, _ rule: QuantizeRule, residual: Int? = nil
    ) {
      var attributes: [String: Attribute] = [:]
      if let residual { attributes["edge.residual"] = .int(Int64(residual)) }
      graph.nodes.append(
        Node(
          name: output, op: op, opset: 13, inputs: inputs.map { id($0) }, outputs: [id(output)],
          attributes: attributes))
      rules.append(rule)
    }

    mutating func state(_ input: String, _ output: String) {
      graph.states.append(State(input: id(input), output: id(output)))
    }

    mutating func outputs(_ list: String...) { graph.outputs = list.map { id($0) } }

    /// Every observed value gets the range [-10 - index, 20 + index].
    mutating func quantized(
      keepFloat: Set<String> = [], observer: Observer = .minmax
    ) throws -> QuantizationChoices {
      var options = QuantizationOptions()
      options.keepFloat = keepFloat
      options.observer = observer
      let quantizer = try Quantizer(graph: graph, rules: rules, options: options)
      var histograms: [ValueID: Histogram] = [:]
      for value in quantizer.observed {
        var histogram = Histogram()
        histogram.add([-10 - Float(value.index), 20 + Float(value.index), 0])
        histograms[value] = histogram
      }
      return quantizer.choose(histograms)
    }

    mutating func precisions(_ choices: QuantizationChoices) -> [String: Precision] {
      Dictionary(uniqueKeysWithValues: zip(graph.nodes.map(\.name), choices.nodes.map(\.precision)))
    }
  }

  @Test func whatAddsToAStateStaysFloat() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Conv", ["x", "w1"], "a", .weighted)
    sketch.node("Relu", ["a"], "r", .table)
    sketch.node("Conv", ["r", "w2"], "b", .weighted)
    sketch.node("Add", ["b", "s"], "t", .binary)
    sketch.node("Conv", ["t", "w3"], "y", .weighted)
    sketch.state("s", "t")
    sketch.outputs("y")
    let choices = try sketch.quantized()
    #expect(
      sketch.precisions(choices) == ["a": .int8, "r": .int8, "b": .int8, "t": .float32, "y": .int8])
    #expect(choices.nodes[3].reason.contains("a state from what it was"))
  }

  @Test func frontEndTailAndIslandsStayFloat() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("STFT", ["x"], "s", .float)
    sketch.node("Log", ["s"], "l", .table)
    sketch.node("Conv", ["l", "w1"], "c", .weighted)
    sketch.node("MaxPool", ["c"], "p", .passThrough)
    sketch.node("Conv", ["p", "w2"], "d", .weighted)
    sketch.node("Reshape", ["d"], "r", .passThrough)
    sketch.node("Softmax", ["r"], "y", .float)
    sketch.outputs("y")
    let choices = try sketch.quantized()
    let expected: [String: Precision] = [
      "s": .float32, "l": .float32, "c": .int8, "p": .int8, "d": .int8, "r": .float32,
      "y": .float32,
    ]
    #expect(sketch.precisions(choices) == expected)
    let values = choices.quantization.values
    #expect(
      values[sketch.id("l")] != nil, "the front end's result is quantized for the convolution")
    #expect(values[sketch.id("d")] == nil, "the last convolution writes float")
    #expect(values[sketch.id("c")] == values[sketch.id("p")])
    #expect(choices.nodes.allSatisfy { ($0.precision == .float32) == !$0.reason.isEmpty })
  }

  @Test func layersBeforeALogarithmStayFloat() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Conv", ["x", "w1"], "mel", .weighted)
    sketch.node("Clip", ["mel"], "floored", .table)
    sketch.node("Log", ["floored"], "log", .table)
    sketch.node("Conv", ["log", "w2"], "a", .weighted)
    sketch.node("ReduceMean", ["a"], "mean", .rescaled)
    sketch.node("Sqrt", ["mean"], "y", .table)
    sketch.outputs("y")
    let expected: [String: Precision] = [
      "mel": .float32, "floored": .float32, "log": .float32, "a": .int8, "mean": .float32,
      "y": .float32,
    ]
    let choices = try sketch.quantized()
    #expect(sketch.precisions(choices) == expected)
  }

  @Test func aLoneAddBetweenFloatNodesStaysFloat() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Log", ["x"], "a", .float)
    sketch.node("Exp", ["x"], "b", .float)
    sketch.node("Add", ["a", "b"], "c", .binary)
    sketch.node("Softmax", ["c"], "y", .float)
    sketch.outputs("y")
    let choices = try sketch.quantized()
    #expect(choices.nodes.allSatisfy { $0.precision == .float32 })
    #expect(choices.quantization.values.isEmpty)
  }

  @Test func concatUnitesItsOperands() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Conv", ["x", "w1"], "a", .weighted)
    sketch.node("Conv", ["x", "w2"], "b", .weighted)
    sketch.node("Concat", ["a", "b"], "c", .passThrough)
    sketch.node("Conv", ["c", "w3"], "y", .weighted)
    sketch.outputs("y")
    let values = try sketch.quantized().quantization.values
    #expect(values[sketch.id("a")] == values[sketch.id("b")])
    #expect(values[sketch.id("a")] == values[sketch.id("c")])
    let b = Float(sketch.id("b").index)
    let united = AffineParameters(low: -10 - b, high: 20 + b)
    #expect(
      values[sketch.id("c")] == united,
      "the range of both, without what the copy alone was seen to hold")
  }

  @Test func concatRescalesWhatIsMuchNarrower() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Conv", ["x", "w1"], "a", .weighted)
    sketch.node("Conv", ["x", "w2"], "b", .weighted)
    for index in 0..<20 { sketch.node("Log", ["x"], "unused\(index)", .float) }
    sketch.node("Conv", ["x", "w3"], "broad", .weighted)
    sketch.node("Concat", ["a", "b", "broad"], "c", .passThrough)
    sketch.node("Conv", ["c", "w4"], "y", .weighted)
    sketch.outputs("y")
    let values = try sketch.quantized().quantization.values
    #expect(values[sketch.id("broad")] == values[sketch.id("c")])
    #expect(values[sketch.id("a")] != values[sketch.id("c")])
    let a = Float(sketch.id("a").index)
    #expect(values[sketch.id("a")] == AffineParameters(low: -10 - a, high: 20 + a))
  }

  @Test func keptNodesSplitTheInt8Region() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Conv", ["x", "w1"], "a", .weighted)
    sketch.node("Conv", ["a", "w2"], "b", .weighted)
    sketch.node("Conv", ["b", "w3"], "y", .weighted)
    sketch.outputs("y")
    let choices = try sketch.quantized(keepFloat: ["b"])
    #expect(sketch.precisions(choices) == ["a": .int8, "b": .float32, "y": .int8])
    #expect(choices.quantization.values[sketch.id("a")] == nil)
    #expect(choices.quantization.values[sketch.id("b")] != nil)
    #expect(throws: ConversionError.self) { try sketch.quantized(keepFloat: ["nobody"]) }
  }

  @Test func residualOperandsAndResultsAreQuantized() throws {
    var sketch = Sketch(inputs: ["x"])
    sketch.node("Conv", ["x", "w1"], "a", .weighted)
    sketch.node("Conv", ["a", "w2", "a"], "b", .weighted, residual: 2)
    sketch.node("Sigmoid", ["b"], "s", .table)
    sketch.node("Mul", ["s", "a"], "m", .binary)
    sketch.node("Conv", ["m", "w3"], "y", .weighted)
    sketch.outputs("y")
    let choices = try sketch.quantized()
    #expect(choices.nodes.allSatisfy { $0.precision == .int8 })
    let values = choices.quantization.values
    #expect(values[sketch.id("b")] != nil)
    #expect(values[sketch.id("s")] == AffineParameters(low: 0, high: 1))
    #expect(values[sketch.id("y")] == nil)
  }

  @Test func weightScalesFollowTheOutputChannels() {
    let values = (0..<12).map { Float($0) }
    func scales(_ op: String, _ shape: [Int], _ attributes: [String: Attribute] = [:]) -> [Float] {
      let node = Node(name: "", op: op, opset: 13, inputs: [], outputs: [], attributes: attributes)
      return WeightScales.channels(node, Tensor(values, shape: shape))
        .map { WeightScales.scale($0, searching: false) * 127 }
    }
    #expect(scales("Conv", [3, 2, 1, 2]).map { $0.rounded() } == [3, 7, 11])
    #expect(scales("MatMul", [4, 3]).map { $0.rounded() } == [9, 10, 11])
    #expect(scales("Gemm", [4, 3]).map { $0.rounded() } == [9, 10, 11])
    #expect(scales("Gemm", [3, 4], ["transB": .int(1)]).map { $0.rounded() } == [3, 7, 11])
    #expect(scales("ConvTranspose", [2, 3, 1, 2]).map { $0.rounded() } == [7, 9, 11])
    #expect(
      scales("ConvTranspose", [2, 3, 1, 2], ["group": .int(2)]).map { $0.rounded() } == [
        1, 3, 5, 7, 9, 11,
      ])
    #expect(WeightScales.scale([0, 0], searching: true) == 1)
  }
}
