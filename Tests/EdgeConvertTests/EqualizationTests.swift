import Testing

@testable import EdgeConvert

@Suite struct EqualizationTests {
  /// Two 1x1 convolutions whose results are joined, then a depthwise and a dense one.
  private func network() -> (graph: Graph, choices: [PrecisionChoice]) {
    var graph = Graph()
    var random = SplitMix(3)
    func value(_ name: String, _ shape: [Int]) -> ValueID {
      graph.add(
        Value(name: name, type: .float32, shape: shape.map { Dimension($0) }, constant: nil))
    }
    func weights(_ name: String, _ shape: [Int]) -> ValueID {
      let values = (0..<shape.reduce(1, *)).map { _ in random.gaussian() }
      return graph.add(
        Value(
          name: name, type: .float32, shape: shape.map { Dimension($0) },
          constant: Tensor(values, shape: shape)))
    }
    func conv(_ x: ValueID, _ shape: [Int], _ name: String, group: Int = 1, slope: Float? = 0.1)
      -> ValueID
    {
      let y = value(name, [1, shape[0], 4, 4])
      var node = Node(
        name: name, op: "Conv", opset: 13,
        inputs: [x, weights(name + "w", shape), weights(name + "b", [shape[0]])],
        outputs: [y])
      node.attributes["group"] = .int(Int64(group))
      if let slope {
        node.attributes["edge.activation"] = .string("leaky_relu")
        node.attributes["edge.slope"] = .float(slope)
      }
      graph.nodes.append(node)
      return y
    }
    let x = value("x", [1, 3, 4, 4])
    let a = conv(x, [5, 3, 1, 1], "a")
    let b = conv(x, [3, 3, 1, 1], "b")
    let joined = value("joined", [1, 8, 4, 4])
    graph.nodes.append(
      Node(
        name: "joined", op: "Concat", opset: 13, inputs: [a, b], outputs: [joined],
        attributes: ["axis": .int(1)]))
    let c = conv(joined, [8, 1, 1, 1], "c", group: 8)
    let y = conv(c, [4, 8, 1, 1], "y", slope: nil)
    graph.inputs = [x]
    graph.outputs = [y]
    return (graph, graph.nodes.map { _ in PrecisionChoice(precision: .int8, reason: "") })
  }

  private func input(_ seed: UInt64) -> [String: Tensor] {
    var random = SplitMix(seed)
    return ["x": Tensor((0..<48).map { _ in random.gaussian() }, shape: [1, 3, 4, 4])]
  }

  @Test func scaledGraphsComputeTheSame() throws {
    let (graph, choices) = network()
    let equalization = Equalization(graph: graph, choices: choices)
    #expect(equalization.links.map(\.channels) == [5, 3, 8])
    #expect(
      equalization.links[1].consumers.map(\.offset) == [5],
      "behind the channels of the other operand")
    var statistics: [ValueID: ChannelStatistics] = [:]
    let evaluator = try Evaluator(graph)
    for seed in UInt64(1)...4 {
      _ = try evaluator.run(input(seed)) { id, tensor in
        statistics[id, default: ChannelStatistics()].add(tensor)
      }
    }
    let scaled = equalization.applied(statistics)
    let before = try evaluator.run(input(9))[0].floats
    let after = try Evaluator(scaled).run(input(9))[0].floats
    #expect(scaled.values.count > graph.values.count, "something was scaled")
    for (x, y) in zip(before, after) { #expect(abs(x - y) < 1e-4 * max(1, abs(x))) }
  }

  @Test func valuesThatLeaveTheModelAreNotScaled() {
    var (graph, choices) = network()
    graph.outputs.append(graph.nodes[0].outputs[0] ?? graph.outputs[0])
    #expect(Equalization(graph: graph, choices: choices).links.map(\.channels) == [3, 8])
    choices[3].precision = .float32
    #expect(Equalization(graph: graph, choices: choices).links.isEmpty)
  }

  @Test func clippedActivationsAreNotScaled() {
    var (graph, choices) = network()
    graph.nodes[0].attributes["edge.activation"] = .string("clip")
    graph.nodes[0].attributes["edge.low"] = .float(0)
    graph.nodes[0].attributes["edge.high"] = .float(6)
    #expect(Equalization(graph: graph, choices: choices).links.map(\.channels) == [3, 8])
    choices = []
  }

  @Test func biasesAreAddedToOrMade() {
    var (graph, _) = network()
    let old = graph.nodes[0].inputs[2].flatMap { graph[$0].constant?.floats } ?? []
    graph.addToBias(of: 0, [1, 0, 0, 0, 2])
    let new = graph.nodes[0].inputs[2].flatMap { graph[$0].constant?.floats } ?? []
    #expect(new.count == 5 && new[0] == old[0] + 1 && new[1] == old[1] && new[4] == old[4] + 2)
    graph.nodes[1].inputs.removeLast()
    graph.addToBias(of: 1, [3, 4, 5])
    #expect(graph.nodes[1].inputs.count == 3)
    #expect(graph.nodes[1].inputs[2].flatMap { graph[$0].constant?.floats } == [3, 4, 5])
  }

  @Test func storedOrdersAreAllFound() {
    let orders = StoredOrder.candidates(stored: [1, 2, 2, 3], shape: [1, 3, 2, 2])
    #expect(orders.contains([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]))
    #expect(StoredOrder.candidates(stored: [2, 3], shape: [2, 3]) == [Array(0..<6)])
    #expect(StoredOrder.candidates(stored: [6], shape: [2, 3]).isEmpty)
  }

  /// Inputs of very different size are brought to one, and the network still computes the same.
  @Test func channelsOfInputsAreEvenedOut() throws {
    var random = SplitMix(5)
    var graph = Graph()
    let shape = [6, 3].map { Dimension($0) }
    let x = graph.add(Value(name: "x", type: .float32, shape: shape))
    let w = graph.add(
      Value(name: "w", Tensor((0..<12).map { _ in random.gaussian() }, shape: [3, 4])))
    let y = graph.add(
      Value(name: "y", type: .float32, shape: [6, 4].map { Dimension($0) }))
    graph.nodes = [Node(name: "product", op: "MatMul", opset: 13, inputs: [x, w], outputs: [y])]
    graph.inputs = [x]
    graph.outputs = [y]
    let sizes: [Float] = [0.05, 40, 1]
    func sample() -> LoadedSample {
      let values = (0..<18).map { sizes[$0 % 3] * random.gaussian() }
      return LoadedSample(path: "", runs: [[Tensor(values, shape: [6, 3])]])
    }
    let samples = (0..<8).map { _ in sample() }
    let int8 = [PrecisionChoice(precision: .int8, reason: "")]
    let evened = try #require(InputEqualization(graph: graph, choices: int8).applied(samples))
    #expect(evened.nodes.map(\.op) == ["Mul", "MatMul"])
    let (before, after) = (try Evaluator(graph), try Evaluator(evened))
    for sample in samples {
      var peaks = [Float](repeating: 0, count: 3)
      let found = try after.run(sample) { id, tensor in
        guard id == evened.nodes[0].outputs[0] else { return }
        for (index, value) in tensor.floats.enumerated() {
          peaks[index % 3] = max(peaks[index % 3], abs(value))
        }
      }
      #expect(peaks.allSatisfy { $0 > 5 && $0 < 200 }, "\(peaks)")
      for (a, b) in zip(try before.run(sample)[0][0].floats, found[0][0].floats) {
        #expect(abs(a - b) < 1e-4 * max(abs(a), 1))
      }
    }
    let even = (0..<8).map { _ in
      LoadedSample(
        path: "", runs: [[Tensor((0..<18).map { _ in random.gaussian() }, shape: [6, 3])]])
    }
    #expect(InputEqualization(graph: graph, choices: int8).applied(even) == nil)
  }
}
