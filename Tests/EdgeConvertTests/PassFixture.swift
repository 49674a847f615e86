import EdgeFormat
import Testing

@testable import EdgeConvert

/// Builds small graphs and compares them before and after a pass.
struct PassFixture {
  var graph = Graph()
  private var random = SplitMix(11)
  private var samples: [String: Tensor] = [:]

  mutating func input(_ shape: [Int]) -> ValueID {
    let name = "x\(graph.inputs.count)"
    samples[name] = noise(shape)
    let id = graph.add(Value(name: name, type: .float32, shape: shape.map { Dimension($0) }))
    graph.inputs.append(id)
    return id
  }

  mutating func noise(_ shape: [Int]) -> Tensor {
    Tensor(
      (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }, shape: shape)
  }

  mutating func weights(_ shape: [Int]) -> ValueID {
    let tensor = noise(shape)
    return constant(tensor)
  }

  mutating func positive(_ shape: [Int]) -> ValueID {
    var tensor = noise(shape)
    tensor.elements = .float(tensor.floats.map { abs($0) + 0.5 })
    return constant(tensor)
  }

  mutating func scalar(_ value: Float) -> ValueID { constant(Tensor([value], shape: [])) }
  mutating func ints(_ values: [Int64]) -> ValueID {
    constant(Tensor(values, shape: [values.count]))
  }
  mutating func constant(_ tensor: Tensor) -> ValueID {
    graph.add(Value(name: "c\(graph.values.count)", tensor))
  }

  mutating func node(
    _ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], opset: Int = 17
  ) -> ValueID {
    let output = graph.add(Value(name: "v\(graph.values.count)"))
    graph.nodes.append(
      Node(
        name: "\(op)_\(graph.nodes.count)", op: op, opset: opset, inputs: inputs, outputs: [output],
        attributes: attributes))
    return output
  }

  mutating func batchNorm(_ x: ValueID, _ channels: Int) -> ValueID {
    node(
      "BatchNormalization",
      [x, weights([channels]), weights([channels]), weights([channels]), positive([channels])])
  }

  /// Runs the graph, rewrites it, runs it again, and expects the same outputs and these operators
  /// in this order.
  @discardableResult
  mutating func expect(
    _ outputs: [ValueID], after pass: @Sendable (Graph) throws -> Graph?, _ operators: [String],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Graph {
    graph.outputs = outputs
    #expect(Inference.run(&graph).isEmpty, sourceLocation: sourceLocation)
    let before = try Evaluator(graph).run(samples)
    var rewritten = try pass(graph) ?? graph
    #expect(Inference.run(&rewritten).isEmpty, sourceLocation: sourceLocation)
    rewritten.nodes = try rewritten.topologicallySorted()
    #expect(rewritten.nodes.map(\.op) == operators, sourceLocation: sourceLocation)
    #expect(
      rewritten.outputs.map { rewritten[$0].name } == graph.outputs.map { graph[$0].name },
      sourceLocation: sourceLocation)
    for (a, b) in zip(before, try Evaluator(rewritten).run(samples)) {
      #expect(a.shape == b.shape, sourceLocation: sourceLocation)
      let span = max(a.floats.map { abs($0) }.max() ?? 0, 1e-6)
      let worst = zip(a.floats, b.floats).map { abs($0 - $1) }.max() ?? 0
      #expect(
        worst <= 1e-4 * span, "largest difference \(worst) of \(span)",
        sourceLocation: sourceLocation)
    }
    return rewritten
  }
}

/// A float tensor from literals.
func reals(_ values: [Float], shape: [Int]) -> Tensor { Tensor(values, shape: shape) }
