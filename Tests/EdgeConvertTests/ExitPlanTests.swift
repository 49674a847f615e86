import EdgeFormat
import Foundation
import Testing

@testable import EdgeConvert

/// Certificates keep what they promise, and exits come in an order in which the trunk never needs them.
@Suite struct ExitPlanTests {
  @Test(arguments: [(0.02, 500), (0.02, 2000), (0.05, 300)])
  func certificatesFailAsRarelyAsTheySay(risk: Double, count: Int) {
    let control = RiskControl(risk: risk, confidence: 0.95)
    // Samples whose exits go wrong with a known probability, which grows along the grid.
    let risks = (0..<60).map { risk * (0.5 + 1.5 * Double($0) / 60) }
    var random = SplitMix(11)
    var violated = 0
    for _ in 0..<2000 {
      let draws = (0..<count).map { _ in Double(random.next() >> 11) / 9_007_199_254_740_992 }
      let passed = control.lastPassed(of: risks.count) { index in
        draws.map { $0 < risks[index] ? 1 : 0 }
      }
      guard let passed else { continue }
      if risks[passed.index] > risk { violated += 1 }
    }
    #expect(Double(violated) / 2000 <= 0.05 + 0.01)
    #expect(violated > 0, "a test that is never wrong gives too much away")
  }

  @Test func allowedDisagreementsAreThoseOfTheBinomialDistribution() {
    for (risk, n, k) in [
      (0.01, 500, 1), (0.01, 1000, 4), (0.01, 2000, 12), (0.02, 300, 1), (0.02, 500, 4),
      (0.02, 1000, 12), (0.02, 2000, 29), (0.05, 300, 8), (0.05, 500, 16), (0.05, 5000, 224),
    ] as [(Double, Int, Int)] {
      #expect(RiskControl.binomialTail(n, k, risk) <= 0.05)
      #expect(RiskControl.binomialTail(n, k + 1, risk) > 0.05)
    }
    let control = RiskControl(risk: 0.1, confidence: 0.95)
    #expect(control.pValue([]) == 1)
    #expect(control.pValue(Array(repeating: 0.05, count: 2000)) < 0.01)
    #expect(control.pValue(Array(repeating: 0.15, count: 2000)) == 1)
  }

  /// x → a → b → c (output), exit 1 on a (head h1, tail t1), exit 2 on b (head h2), whose head reads h1 too.
  private func graph() -> Graph {
    var graph = Graph()
    func value(_ name: String) -> ValueID { graph.add(Value(name: name)) }
    let names = ["x", "a", "b", "c", "h1", "t1", "h2"]
    let ids = names.map(value)
    func node(_ inputs: [Int], _ output: Int) {
      graph.nodes.append(
        Node(
          name: names[output], op: "Add", opset: 13, inputs: inputs.map { ids[$0] },
          outputs: [ids[output]]))
    }
    node([0], 1)
    node([1], 2)
    node([2], 3)
    node([1], 4)
    node([4], 5)
    node([2, 4], 6)
    graph.inputs = [ids[0]]
    graph.outputs = [ids[3]]
    graph.exits = [
      EarlyExit(name: "1", scores: ids[4], answer: ids[5]),
      EarlyExit(name: "2", scores: ids[6], answer: ids[6]),
    ]
    return graph
  }

  @Test func exitsComeAsSoonAsTheirEvidence() {
    let steps = Schedule(graph()).steps
    #expect(
      steps == [
        .node(0, .trunk), .node(3, .head(0)), .exit(0), .node(4, .tail(0)), .answer(0),
        .node(1, .trunk), .node(5, .head(1)), .exit(1), .answer(1), .node(2, .trunk),
      ])
    var plain = graph()
    plain.exits = []
    #expect(Schedule(plain).steps == (0..<6).map { .node($0, .trunk) })
  }

  /// x `[1, 2, 3, 3]` → a = Relu(x) → y = Exp(a); an exit whose scores and answer are views of a under an order of
  /// axes that the trunk does not want.
  private func image(hasExit: Bool) -> Graph {
    var graph = Graph()
    let x = graph.add(
      Value(name: "x", type: .float32, shape: [1, 2, 3, 3].map { Dimension($0) }))
    let a = graph.add(Value(name: "a")), y = graph.add(Value(name: "y"))
    let answer = graph.add(Value(name: "answer"))
    func node(_ op: String, _ input: ValueID, _ output: ValueID) {
      graph.nodes.append(Node(name: op, op: op, opset: 13, inputs: [input], outputs: [output]))
    }
    node("Relu", x, a)
    node("Exp", a, y)
    node("Neg", a, answer)
    graph.inputs = [x]
    graph.outputs = [y]
    if hasExit { graph.exits = [EarlyExit(name: "early", scores: a, answer: answer)] }
    if !hasExit { graph.nodes.removeLast() }
    _ = Inference.run(&graph)
    return graph
  }

  private func file(_ graph: Graph) throws -> LoadedFile {
    let emitted = try makeFile(
      graph: graph, quantization: Quantization(floatNodes: graph.nodes.count), bounds: [:],
      metadata: [])
    return try LoadedFile(emitted.bytes, name: "test")
  }

  @Test func exitsChangeNothingAtFullDepth() throws {
    let (with, without) = (try file(image(hasExit: true)), try file(image(hasExit: false)))
    let x = Tensor((0..<18).map { Float($0 % 7) - 2 }, shape: [1, 2, 3, 3])
    let expected = try without.run([x], name: "x")[0].tensor
    #expect(try with.run([x], name: "x")[0].tensor == expected)
    #expect(with.model.exitCount == 1)
    let trace = try ExitTrace(with, LoadedSample(path: "x", runs: [[x]]))
    #expect(trace.certainties.count == 1 && trace.certainties[0][.confidence] ?? 0 > 0.5)
    #expect(trace.certainties[0][.qExit] == nil && trace.certainties[0][.patience] == nil)
    // Where a differs between the classes, -a and exp(a) disagree.
    #expect(trace.losses[0] > 0.5)
    #expect(try with.firstOutput() == expected, "the walk ends with the whole model's answer")
  }

  @Test func requestsAreRead() throws {
    #expect(try ExitRequest(nil) == .off && ExitRequest("off") == .off)
    #expect(try ExitRequest("auto") == .fitted(nil) && ExitRequest("3") == .fitted(3))
    #expect(
      try ExitRequest("a:g,b")
        == .named([.init(output: "a", lambda: "g"), .init(output: "b", lambda: nil)]))
    for text in ["0", "9", "", "a,,b", "a:b:c", ":"] {
      #expect(throws: ConversionError.self) { try ExitRequest(text) }
    }
  }

  @Test func headsFindWhatSeparatesTheClasses() {
    var random = SplitMix(5)
    func uniform() -> Float { Float(random.next() >> 40) / 16_777_216 - 0.5 }
    var samples = SoftmaxRegression.Samples(
      features: [], targets: [], count: 400, dimension: 4, classes: 2)
    for _ in 0..<samples.count {
      let x = (0..<4).map { _ in 3 * uniform() + 1 }
      samples.features += x
      samples.targets += x[0] - 2 * x[1] + 1 > 0 ? [1, 0] : [0, 1]
    }
    let model = SoftmaxRegression(samples, strength: 1e-4, steps: 200)
    let scores = model.scores(samples)
    let right = (0..<samples.count).count {
      (scores[2 * $0] > scores[2 * $0 + 1]) == (samples.targets[2 * $0] == 1)
    }
    #expect(right >= 390)
    let doubled = scores.map { 2 * $0 }
    let temperature = SoftmaxRegression.temperature(scores, samples.targets, 2)
    #expect(SoftmaxRegression.temperature(doubled, samples.targets, 2) >= temperature)
  }
}
