import EdgeFormat
import Testing

@testable import EdgeConvert

/// Forms of operators that have no kernel, before and after they become simpler nodes.
@Suite struct RewriteTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var shape: [Int]
    var op: String
    var weights: [[Int]] = []
    var attributes: [String: Attribute]
    var operators: [String]
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "convolution of a volume", shape: [2, 4, 6, 5, 4], op: "Conv",
      weights: [[6, 2, 3, 2, 3], [6]],
      attributes: [
        "group": .int(2), "strides": .ints([2, 1, 1]), "dilations": .ints([1, 2, 1]),
        "pads": .ints([1, 0, 1, 0, 1, 1]), "edge.activation": .string("relu"),
      ],
      operators: [
        "Transpose", "Pad", "Reshape", "Slice", "Slice", "Slice", "Concat", "Reshape", "Conv",
        "Reshape", "Transpose",
      ]),
    Case(
      name: "transposed convolution of a volume", shape: [1, 2, 3, 2, 3], op: "ConvTranspose",
      weights: [[2, 3, 2, 2, 2]],
      attributes: ["strides": .ints([2, 2, 2])],
      operators: ["Transpose", "Reshape", "Conv", "Reshape", "Transpose", "DepthToSpace"]),
    Case(
      name: "maximum of a volume", shape: [1, 2, 6, 5, 7], op: "MaxPool",
      attributes: [
        "kernel_shape": .ints([3, 2, 3]), "strides": .ints([2, 1, 2]), "ceil_mode": .int(1),
        "pads": .ints([1, 0, 1, 1, 1, 0]),
      ], operators: ["Reshape", "MaxPool", "Reshape", "MaxPool", "Reshape"]),
    Case(
      name: "average of a volume with its padding", shape: [2, 2, 6, 5, 7], op: "AveragePool",
      attributes: [
        "kernel_shape": .ints([3, 2, 3]), "strides": .ints([2, 2, 2]), "ceil_mode": .int(1),
        "pads": .ints([1, 0, 1, 1, 1, 0]), "count_include_pad": .int(1),
      ], operators: ["Pad", "Reshape", "AveragePool", "Reshape", "AveragePool", "Reshape"]),
    Case(
      name: "average whose last window overlaps the padding", shape: [1, 2, 7, 7],
      op: "AveragePool",
      attributes: [
        "kernel_shape": .ints([3, 3]), "strides": .ints([2, 3]), "ceil_mode": .int(1),
        "pads": .ints([1, 1, 0, 1]), "count_include_pad": .int(1),
      ], operators: ["Pad", "AveragePool"]),
    Case(
      name: "average that keeps its kernel", shape: [1, 2, 7, 7], op: "AveragePool",
      attributes: [
        "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "count_include_pad": .int(1),
      ], operators: ["AveragePool"]),
  ]

  @Test(arguments: cases) func computesTheSame(_ test: Case) throws {
    var fixture = PassFixture()
    let x = fixture.input(test.shape)
    let y = fixture.node(
      test.op, [x] + test.weights.map { fixture.weights($0) }, test.attributes)
    try fixture.expect([y], after: Passes.all, test.operators)
  }

  static let resizes: [([String: Attribute], [Int], [Float], [String])] = [
    (["mode": .string("cubic")], [1, 2, 5, 4], [1, 1, 1.5, 2], ["MatMul", "MatMul"]),
    (["mode": .string("linear")], [2, 4, 4, 3], [1, 1, 2, 1], []),
    (["mode": .string("linear")], [2, 4, 4, 3], [1, 0.5, 2, 1], ["MatMul", "MatMul"]),
    (
      ["mode": .string("linear"), "antialias": .int(1)], [1, 1, 8, 4], [1, 1, 0.5, 1], ["MatMul"]
    ),
    (["mode": .string("nearest")], [2, 3, 4], [2, 1, 1.5], ["Gather", "Gather"]),
    (
      ["mode": .string("linear")], [1, 1, 3, 4, 5], [1, 1, 2, 2, 2], ["MatMul", "MatMul", "MatMul"]
    ),
  ]

  @Test(arguments: resizes)
  func aResizeGoesAxisByAxis(_ form: ([String: Attribute], [Int], [Float], [String])) throws {
    var fixture = PassFixture()
    let x = fixture.input(form.1)
    let scales = fixture.constant(Tensor(form.2, shape: [form.2.count]))
    let y = fixture.node("Resize", [x, nil, scales], form.0)
    var graph = fixture.graph
    graph.outputs = [y]
    let used = try Passes.all(graph).nodes.map(\.op)
    #expect(used.filter { $0 != "Transpose" } == (form.3.isEmpty ? ["Resize"] : form.3))
    try fixture.expect([y], after: Passes.all, used)
  }

  @Test func anAxisOfRunTimeSizeIsRepeated() throws {
    var fixture = PlanFixture()
    let n = Dimension(symbol: "H")
    let x = fixture.input(
      "x", [Dimension(1), Dimension(3), n, Dimension(5)], sample: [1, 3, 4, 5])
    let scales = fixture.constant(Tensor([Float(1), 1, 3, 2], shape: [4]))
    let y = fixture.node("Resize", [x, nil, scales], ["mode": .string("nearest")])
    fixture.output(y)
    fixture.graph = try Passes.all(fixture.graph)
    #expect(!fixture.graph.nodes.contains { $0.op == "Resize" })
    #expect(try fixture.run().error == 0)
  }
}
