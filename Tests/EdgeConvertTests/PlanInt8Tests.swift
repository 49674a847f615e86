import EdgeFormat
import Testing

@testable import EdgeConvert

/// INT8 files against the float reference: what eight bits cost, and which nodes the plan has.
@Suite struct PlanInt8Tests {
  @Test(arguments: PlanFloatTests.cases) func staysCloseToTheReference(_ test: PlanFloatTests.Case)
    throws
  {
    var fixture = PlanFixture()
    test.build(&fixture)
    // Eight bits over the whole range are 0.4 %; a chain of a few nodes adds some of them up.
    #expect(try fixture.run(.int8).error < 0.04)
  }

  @Test func channelShuffleIsOneSmallTranspose() throws {
    var f = PlanFixture()
    let x = f.input("x", [1, 3, 6, 5])
    let y = f.node("Conv", [x, f.weights([8, 3, 1, 1])])
    let split = f.node("Reshape", [y, f.ints([1, 2, 4, 6, 5])])
    let swapped = f.node("Transpose", [split], ["perm": .ints([0, 2, 1, 3, 4])])
    let joined = f.node("Reshape", [swapped, f.ints([1, 8, 6, 5])])
    let z = f.node("Conv", [joined, f.weights([4, 8, 1, 1])])
    f.output(f.node("Flatten", [f.node("GlobalAveragePool", [z])]))
    let outcome = try f.run(.int8)
    let transposes = outcome.file.nodes.filter { $0.operation == "transpose" }
    #expect(transposes.map(\.inputShapes) == [[[3, 30]], [[30, 2, 4]]])
    #expect(outcome.count("copy") == 0)
    #expect(outcome.error < 0.04)
  }

  @Test func anEncoderMakesCodesRowByRow() throws {
    var f = PlanFixture()
    let x = f.input("x", [1, 12, 16])
    let normal = f.node("Softmax", [x], ["axis": .int(-1)])
    func heads(_ source: ValueID, _ order: [Int64]) -> ValueID {
      let product = f.node("MatMul", [source, f.weights([16, 16])])
      let rows = f.node("Add", [product, f.weights([16])])
      let split = f.node("Reshape", [rows, f.ints([1, 12, 2, 8])])
      return f.node("Transpose", [split], ["perm": .ints(order)])
    }
    let q = heads(normal, [0, 2, 1, 3])
    let k = heads(normal, [0, 2, 3, 1])
    let v = heads(normal, [0, 2, 1, 3])
    let scores = f.node("Softmax", [f.node("MatMul", [q, k])], ["axis": .int(-1)])
    let joined = f.node(
      "Transpose", [f.node("MatMul", [scores, v])], ["perm": .ints([0, 2, 1, 3])])
    let flat = f.node("Reshape", [joined, f.ints([1, 12, 16])])
    let sum = f.node("Add", [f.node("MatMul", [flat, f.weights([16, 16])]), normal])
    let y = f.node("Tanh", [f.node("MatMul", [sum, f.weights([16, 24])])])
    f.output(f.node("MatMul", [y, f.weights([24, 8])]))
    let outcome = try f.run(.int8, asConverted: true)
    #expect(outcome.count("linear") == 6)
    #expect(outcome.count("attention") == 1)
    #expect(outcome.file.nodes.count == 8)
    #expect(outcome.error < 0.02)
  }

  @Test func sumAndReluAreOneNode() throws {
    var f = PlanFixture()
    let x = f.input("x", [1, 8, 6, 6])
    let y = f.node("Conv", [x, f.weights([8, 8, 1, 1])])
    let z = f.node("Relu", [f.node("Add", [y, x])])
    f.output(f.node("Conv", [z, f.weights([8, 8, 1, 1])]))
    let outcome = try f.run(.int8)
    #expect(outcome.count("binary") == 1)
    #expect(outcome.count("lookup") == 0)
    #expect(outcome.error < 0.04)
  }

  @Test(arguments: ["ReduceMax", "ReduceMin"]) func extremesTakeCodes(operation: String) throws {
    var f = PlanFixture()
    let x = f.input("x", [1, 3, 5, 8])
    let y = f.node("Conv", [x, f.weights([20, 3, 1, 1])])
    let peak = f.node(operation, [y], ["axes": .ints([2])])
    let widest = f.node(operation, [y], ["axes": .ints([1, 3])])
    f.output(f.node("Conv", [peak, f.weights([4, 20, 1, 1])]), widest)
    let outcome = try f.run(.int8)
    #expect(outcome.count("reduce") == 2)
    #expect(outcome.count("dequantize") == 0)
    #expect(outcome.error < 0.04)
  }

  @Test(arguments: ["relu", "leaky_relu"], [Precision.float32, .int8])
  func anActivationBeforeASumIsOneNode(activation: String, precision: Precision) throws {
    var f = PlanFixture()
    let x = f.input("x", [1, 8, 6, 6])
    let y = f.node("Conv", [x, f.weights([8, 8, 1, 1])])
    let z = f.node(
      "Conv", [y, f.weights([8, 8, 3, 3]), f.weights([8]), y],
      [
        "pads": .ints([1, 1, 1, 1]), "edge.activation": .string(activation),
        "edge.residual": .int(3),
      ])
    f.output(f.node("Conv", [z, f.weights([8, 8, 1, 1])]))
    let outcome = try f.run(precision)
    #expect(outcome.count("binary") == 0)
    #expect(outcome.error < (precision == .int8 ? 0.04 : 2e-6))
  }

  @Test(arguments: [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
  func recurrentWeightsHaveAScaleForEachRow(operation: String, gates: Int) throws {
    var f = PlanFixture()
    let x = f.input("x", [5, 2, 6])
    let weights = [f.weights([2, gates * 7, 6]), f.weights([2, gates * 7, 7])]
    let attributes = ["direction": Attribute.string("bidirectional"), "hidden_size": .int(7)]
    f.output(f.node(operation, [x] + weights + [f.weights([2, gates * 14])], attributes))
    let outcome = try f.run(.int8)
    let recurrence = outcome.file.nodes.first { $0.operation == operation.lowercased() }
    #expect(recurrence?.inputShapes.last == [2 * gates * 16])
    #expect(recurrence?.inputShapes[1] == [2 * gates * 16 * 8])
    #expect(outcome.error < 0.04)
  }

  @Test(arguments: ["HardSwish", "Sigmoid"]) func aTableJoinsItsConvolution(function: String) throws
  {
    var f = PlanFixture()
    let x = f.input("x", [1, 8, 6, 6])
    let y = f.node(function, [f.node("Conv", [x, f.weights([24, 8, 1, 1]), f.weights([24])])])
    let z = f.node(function, [f.node("Conv", [y, f.weights([24, 1, 3, 3])], ["group": .int(24)])])
    f.output(f.node("Reshape", [z, f.ints([1, 24, 16])]))
    let outcome = try f.run(.int8)
    #expect(outcome.count("lookup") == 0)
    #expect(outcome.file.nodes.count == 4)
    #expect(outcome.error < 0.03)
  }

  @Test func aDeadChannelKeepsItsBias() throws {
    var f = PlanFixture()
    let x = f.input("x", [1, 4, 6, 6])
    var weights = f.noise([4, 4, 1, 1]).floats
    for index in 0..<4 { weights[index] = 1e-30 }
    for index in 4..<8 { weights[index] = 0 }
    f.output(
      f.node(
        "Conv",
        [
          x, f.constant(Tensor(weights, shape: [4, 4, 1, 1])),
          f.constant(Tensor([Float(1.5), -0.75, 0.1, 0], shape: [4])),
        ]))
    #expect(try f.run(.int8).error < 0.01)
  }

  @Test func equalInputGivesEqualBytes() throws {
    func bytes() throws -> [UInt8] {
      var f = PlanFixture()
      let n = Dimension(symbol: "N")
      let x = f.input("x", [n, Dimension(3), Dimension(8), Dimension(8)], sample: [2, 3, 8, 8])
      let y = f.node("Conv", [x, f.weights([20, 3, 3, 3]), f.weights([20])])
      let z = f.node("Sigmoid", [f.node("Add", [y, f.weights([20, 1, 1])])])
      f.output(f.node("Flatten", [z]), f.node("GlobalAveragePool", [y]))
      return try f.run(.int8).file.bytes
    }
    let first = try bytes()
    for _ in 0..<3 { #expect(try bytes() == first) }
  }
}
