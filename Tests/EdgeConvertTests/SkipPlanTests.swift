import EdgeFormat
import EdgeRuntime
import Foundation
import Testing

@testable import EdgeConvert

/// Blocks that can be skipped: the order of the plan, what takes their place, and that nothing changes when none is.
@Suite struct SkipPlanTests {
  /// x → a = Relu(x) → b = Neg(a) → c = Sub(b, e) → y = Exp(c), e = Sqrt(x) computed in the midst of the block a → c;
  /// and d = Abs(a), which can take the place of c.
  private func graph(_ bypass: String?) -> Graph {
    var graph = Graph()
    let x = graph.add(Value(name: "x", type: .float32, shape: [1, 4].map { Dimension($0) }))
    func node(_ op: String, _ inputs: [ValueID], _ output: String) -> ValueID {
      let id = graph.add(Value(name: output))
      graph.nodes.append(Node(name: output, op: op, opset: 13, inputs: inputs, outputs: [id]))
      return id
    }
    let a = node("Relu", [x], "a"), b = node("Neg", [a], "b"), e = node("Sqrt", [x], "e")
    let c = node("Sub", [b, e], "c"), y = node("Exp", [c], "y")
    graph.inputs = [x]
    graph.outputs = [y]
    guard let bypass else {
      _ = Inference.run(&graph)
      return graph
    }
    let d = node("Abs", [a], "d")
    graph.skips = [
      SkippableBlock(name: "c", input: a, output: c, bypass: bypass == "d" ? d : a, rank: 0)
    ]
    _ = Inference.run(&graph)
    return graph
  }

  private func file(_ graph: Graph) throws -> LoadedFile {
    let emitted = try makeFile(
      graph: graph, quantization: Quantization(floatNodes: graph.nodes.count), bounds: [:],
      metadata: [])
    return try LoadedFile(emitted.bytes, name: "test")
  }

  @Test func whatABlockNeedsComesBeforeIt() {
    #expect(
      Schedule(graph("d")).steps == [
        .node(0, .trunk), .node(2, .trunk), .skip(0), .node(1, .block(0)), .node(3, .block(0)),
        .node(5, .bypass(0)), .join(0), .node(4, .trunk),
      ])
    #expect(Schedule(graph(nil)).steps == (0..<5).map { .node($0, .trunk) })
  }

  @Test(arguments: ["a", "d"]) func aSkippedBlockGivesItsBypass(bypass: String) throws {
    let (with, without) = (try file(graph(bypass)), try file(graph(nil)))
    let x = [0, 1, 0.25, 4] as [Float]
    let sample = LoadedSample(path: "x", runs: [[Tensor(x, shape: [1, 4])]])
    #expect(try with.run(sample)[0][0].tensor == without.run(sample)[0][0].tensor)
    #expect(with.model.skipCount == 1)
    var options = RunOptions()
    options.skipped = 1
    let skipped = try with.run(sample, options)[0].values
    for (found, a) in zip(skipped, x) {
      #expect(abs(found - expf(a)) <= 1e-6 * expf(a))
    }
  }

  @Test func aMapIsTheLeastSquaresOne() throws {
    var random = SplitMix(5)
    func number() -> Float { Float(random.next() >> 40) / Float(1 << 23) - 1 }
    let channels = 6
    let matrix = (0..<channels * channels).map { _ in number() }
    let bias = (0..<channels).map { _ in number() }
    var map = BlockMap(channels: channels)
    for sample in 0..<60 {
      let x = (0..<40 * channels).map { _ in 10 * number() }
      let y = (0..<40).flatMap { row in
        (0..<channels).map { out in
          (0..<channels).reduce(bias[out]) {
            $0 + x[row * channels + $1] * matrix[$1 * channels + out]
          }
        }
      }
      map.add(x, y, isHeld: sample % 5 == 4)
    }
    let fitted = try #require(map.fitted())
    // A little drawn to the identity.
    for (index, weight) in fitted.weights.enumerated() {
      #expect(abs(weight - matrix[index]) < 0.03)
    }
    for (found, wanted) in zip(fitted.bias, bias) { #expect(abs(found - wanted) < 0.2) }
    #expect(!map.isPositive)
  }

  @Test func aCommandToTypeKeepsWhatTheModelLeavesOut() throws {
    var options = ConversionOptions(source: "m.onnx", output: "m.edge")
    options.skips = .ordered(3)
    options.fitsBypasses = false
    options.sparsity = 0.5
    options.risk = 0.1
    let command = options.command(keepingFloat: ["a"])
    for words in ["--skips 3", "--skip-bypass identity", "--sparsity 0.5", "--risk 0.1"] {
      #expect(command.contains(words))
    }
    options.skips = .off
    options.exits = .fitted(2)
    options.tokens = .part(1)
    #expect(options.command().contains("--tokens 1.0 --exits 2 --criterion auto"))
  }

  @Test func whatBlocksLeaveOutCostsNothing() {
    func cost(_ density: Double?) -> Double {
      let node = EmittedFile.NodeSummary(
        name: "", operation: "linear", inputShapes: [[128, 768]], outputShapes: [[128, 3072]],
        precision: .int8, multiplications: 128 * 768 * 3072, weightBytes: 0,
        blocks: density.map { EmittedFile.Blocks(outputs: 4, density: $0) })
      return NodeCost.sum([node]) { _ in 1 }
    }
    #expect(cost(0.2) < 0.4 * cost(nil) && cost(0.2) > 0.2 * cost(nil))
    #expect(cost(1) == cost(nil))
  }

  @Test func theIdentityNeedsNoMap() {
    var random = SplitMix(6)
    var map = BlockMap(channels: 3)
    for sample in 0..<20 {
      let x = (0..<30).map { _ in Float(random.next() >> 40) / Float(1 << 24) }
      map.add(x, x, isHeld: sample % 5 == 4)
    }
    #expect(map.fitted() == nil && map.isPositive)
  }
}
