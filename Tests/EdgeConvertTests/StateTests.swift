import EdgeFormat
import Testing

@testable import EdgeConvert

/// Pairs of inputs and outputs that become states, and what files make of them from run to run.
@Suite struct StateTests {
  /// A graph whose inputs are x `[1, 2]` and what the body adds.
  private struct Model {
    var fixture = PlanFixture()
    let x: ValueID

    init() { x = fixture.input("x", [1, 2]) }

    mutating func state(_ name: String, _ shape: Dimension...) -> ValueID {
      fixture.input(name, shape, sample: shape.map { $0.constant ?? 0 })
    }

    /// Gives a value out under a name.
    mutating func output(_ value: ValueID, _ name: String) {
      fixture.graph[value].name = name
      fixture.output(value)
    }

    /// The file beside the float reference over some runs, twice; the file.
    func compare(_ pairs: String, runs: Int, bounds: [String: Int] = [:]) throws -> EmittedFile {
      let bound = try BoundGraph(fixture.graph, StateBinding([pairs]), bounds: bounds)
      let graph = try Check.prepared(bound.graph)
      let file = try makeFile(
        graph: graph, quantization: Quantization(floatNodes: graph.nodes.count),
        bounds: bound.bounds, metadata: [])
      let loaded = try LoadedFile(file.bytes, name: "test")
      let evaluator = try Evaluator(graph)
      for _ in 0..<2 {
        var memory: Evaluator.Memory = [:]
        loaded.reset()
        for run in 0..<runs {
          let x = Tensor([Float(run) + 0.5, -2], shape: [1, 2])
          let reference = try evaluator.run(["x": x], memory: &memory)
          for (expected, found) in zip(reference, try loaded.next([x], name: "test")) {
            #expect(found.shape == expected.shape)
            #expect(found.values == expected.floats, "run \(run)")
          }
        }
      }
      return file
    }
  }

  private func copies(_ file: EmittedFile) -> Int { file.nodes.count { $0.operation == "copy" } }

  @Test func aSumIsKeptInPlace() throws {
    var model = Model()
    let total = model.state("total", Dimension(1), Dimension(2))
    let next = model.fixture.node("Add", [total, model.x])
    model.output(model.fixture.node("Neg", [next]), "y")
    model.output(next, "total_out")
    let file = try model.compare("total=total_out", runs: 4)
    #expect(file.stateBytes == 64)
    #expect(copies(file) == 0)
  }

  @Test func anOldValueThatIsReadLateIsCopiedOver() throws {
    var model = Model()
    let last = model.state("last", Dimension(1), Dimension(2))
    let next = model.fixture.node("Neg", [model.x])
    model.output(model.fixture.node("Add", [last, next]), "y")
    model.output(next, "new")
    #expect(copies(try model.compare("last=new", runs: 3)) == 1)
  }

  @Test func statesThatTradePlacesDo() throws {
    var model = Model()
    let a = model.state("a", Dimension(1), Dimension(2))
    let b = model.state("b", Dimension(1), Dimension(2))
    model.output(model.fixture.node("Sub", [a, b]), "y")
    model.output(model.fixture.node("Identity", [b]), "a_next")
    model.output(model.fixture.node("Add", [a, model.x]), "b_next")
    _ = try model.compare("a=a_next,b=b_next", runs: 5)
  }

  @Test(arguments: [0, 1]) func rowsAreAppendedInPlace(axis: Int) throws {
    var model = Model()
    let rows = Dimension(symbol: "P")
    let past =
      axis == 0
      ? model.state("past", rows, Dimension(2)) : model.state("past", Dimension(2), rows)
    let row = axis == 0 ? model.x : model.fixture.node("Transpose", [model.x])
    let present = model.fixture.node("Concat", [past, row], ["axis": .int(Int64(axis))])
    let sum = model.fixture.node(
      "ReduceSum", [present, model.fixture.ints([axis])], ["keepdims": .int(0)])
    model.output(sum, "y")
    model.output(present, "present")
    let file = try model.compare("past=present", runs: 4, bounds: ["P": 3])
    #expect(file.states.map(\.shape) == [[4, 2]])
    #expect(copies(file) == 0)
    #expect(file.arenaBytes <= 4 * 64, "the rows lie in the state alone")
  }

  @Test func anInputMayBeAsLongAsAStateWillBe() throws {
    var model = Model()
    let past = model.state("past", Dimension(symbol: "P"), Dimension(2))
    let mask = model.fixture.input(
      "mask", [Dimension(symbol: "P + 1"), Dimension(1)], sample: [1, 1])
    let present = model.fixture.node("Concat", [past, model.x], ["axis": .int(0)])
    let kept = model.fixture.node("Mul", [present, mask])
    model.output(
      model.fixture.node("ReduceSum", [kept, model.fixture.ints([0])], ["keepdims": .int(0)]), "y")
    model.output(present, "present")
    model.fixture.graph.resolveSizes()
    #expect(model.fixture.graph[mask].shape?[0] == Dimension(symbol: "P") + Dimension(1))
    let bound = try BoundGraph(model.fixture.graph, .detected, bounds: ["P": 2])
    let graph = try Check.prepared(bound.graph)
    let file = try makeFile(
      graph: graph, quantization: Quantization(floatNodes: graph.nodes.count),
      bounds: bound.bounds, metadata: [])
    let loaded = try LoadedFile(file.bytes, name: "test")
    let x = Tensor([Float(3), -2], shape: [1, 2])
    for rows in 1...3 {
      let mask = Tensor((0..<rows).map { Float($0 + 1) }, shape: [rows, 1])
      let sum = Float(rows * (rows + 1) / 2)
      #expect(try loaded.next([x, mask], name: "test")[0].values == [3 * sum, -2 * sum])
      #expect(throws: ConversionError.self) { try loaded.next([x, mask], name: "test") }
    }
  }

  @Test func aStateOfPartsIsSplit() throws {
    var model = Model()
    let past = model.state("past", Dimension(2), Dimension(symbol: "P"), Dimension(2))
    var sums: [ValueID] = []
    var parts: [ValueID] = []
    for layer in 0..<2 {
      let own = model.fixture.node(
        "Gather", [past, model.fixture.constant(Tensor([Int64(layer)], shape: []))])
      let joined = model.fixture.node("Concat", [own, model.x], ["axis": .int(0)])
      sums.append(
        model.fixture.node("ReduceSum", [joined, model.fixture.ints([0])], ["keepdims": .int(0)]))
      parts.append(model.fixture.node("Unsqueeze", [joined, model.fixture.ints([0])]))
    }
    model.output(model.fixture.node("Sub", [sums[0], sums[1]]), "y")
    model.output(model.fixture.node("Concat", parts, ["axis": .int(0)]), "present")
    let file = try model.compare("past=present", runs: 3, bounds: ["P": 2])
    #expect(file.states.map(\.name) == ["past/0", "past/1"])
    #expect(copies(file) == 0)
  }

  @Test(arguments: [
    ("past_key_values.3.key", "present.3.key"), ("past_k", "new_k"), ("state", "stateN"),
    ("conv_cache", "conv_cache_out"), ("h0", "h1"), ("c_in", "c_out"), ("hidden", "hidden_out"),
  ]) func namesTellStates(_ input: String, _ output: String) {
    #expect(StateNames.partners(of: input).contains(output))
  }

  @Test(arguments: ["block", "image", "x", "tokens", "h264"])
  func otherNamesDoNot(_ input: String) {
    #expect(StateNames.partners(of: input).isEmpty)
  }

  /// A model with x `[streams, 2]` and a cache of as many rows.
  private func cache(streams: Int) -> Graph {
    var fixture = PlanFixture()
    let x = fixture.input("x", [streams, 2]), cache = fixture.input("cache", [streams, 2])
    let y = fixture.node("Add", [x, cache])
    let next = fixture.node("Neg", [y])
    fixture.graph[next].name = "cache_out"
    fixture.output(y, next)
    return fixture.graph
  }

  @Test func statesAreFoundWhereOneStreamRuns() throws {
    let one = try BoundGraph(cache(streams: 1), .detected, bounds: [:])
    #expect(one.pairs.map(\.description) == ["cache=cache_out"])
    #expect(one.graph.inputs.count == 1 && one.graph.outputs.count == 1)
    #expect(one.notes.first?.contains("--state off") == true)
    let many = try BoundGraph(cache(streams: 3), .detected, bounds: [:])
    #expect(many.pairs.isEmpty)
    #expect(many.notes.first?.contains("3 streams") == true)
    #expect(try BoundGraph(cache(streams: 1), .off, bounds: [:]).graph.inputs.count == 2)
    let asked = StateBinding.pairs([.init(input: "cache", output: "cache_out")])
    #expect(try BoundGraph(cache(streams: 3), asked, bounds: [:]).graph.states.count == 1)
  }

  @Test(arguments: [
    ("cache", "IN=OUT"), ("cache=nothing", "no output 'nothing'"), ("y=cache_out", "no input 'y'"),
  ]) func mistakesAreNamed(_ text: String, _ words: String) {
    let error = #expect(throws: ConversionError.self) {
      try BoundGraph(cache(streams: 1), StateBinding([text]), bounds: [:])
    }
    guard case .usage(let message) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(message.contains(words), "\(message)")
  }
}
