import EdgeFormat
import Testing

@testable import EdgeConvert

/// Cases small enough to compute by hand.
@Suite struct OperatorTests {
  @Test func convolutionPadsStridesAndDilates() throws {
    let x = reals([1, 2, 3, 4, 5, 6, 7, 8, 9], shape: [1, 1, 3, 3])
    let w = reals([1, 0, 0, 1], shape: [1, 1, 2, 2])
    #expect(try run("Conv", [x, w])[0] == reals([6, 8, 12, 14], shape: [1, 1, 2, 2]))
    let dilated = try run("Conv", [x, w, reals([0.5], shape: [1])], ["dilations": .ints([2, 2])])
    #expect(dilated[0] == reals([10.5], shape: [1, 1, 1, 1]))
    let padded = try run(
      "Conv", [x, w], ["pads": .ints([1, 1, 0, 0]), "strides": .ints([2, 2])])
    #expect(padded[0] == reals([1, 3, 7, 14], shape: [1, 1, 2, 2]))
  }

  @Test func transposedConvolutionSpreadsItsInput() throws {
    let x = reals([1, 2], shape: [1, 1, 2])
    let w = reals([1, 10, 100], shape: [1, 1, 3])
    #expect(
      try run("ConvTranspose", [x, w], ["strides": .ints([2])])[0].floats == [1, 10, 102, 20, 200])
    let cut = try run(
      "ConvTranspose", [x, w],
      ["strides": .ints([2]), "pads": .ints([1, 1]), "output_padding": .ints([1])])
    #expect(cut[0].floats == [10, 102, 20, 200])
  }

  @Test func poolsCountTheirPadding() throws {
    let x = reals([1, 2, 3], shape: [1, 1, 3])
    let window: [String: Attribute] = ["kernel_shape": .ints([2]), "pads": .ints([1, 0])]
    #expect(try run("AveragePool", [x], window)[0].floats == [1, 1.5, 2.5])
    let counted = try run("AveragePool", [x], window.merging(["count_include_pad": .int(1)]) { $1 })
    #expect(counted[0].floats == [0.5, 1.5, 2.5])
    let ceiling = try run(
      "MaxPool", [x], ["kernel_shape": .ints([2]), "strides": .ints([2]), "ceil_mode": .int(1)])
    #expect(ceiling[0].floats == [2, 3])
  }

  @Test func slicesCountFromBothEnds() throws {
    let x = Tensor((0..<6).map { Int64($0) }, shape: [6])
    func slice(_ start: Int64, _ end: Int64, _ step: Int64) throws -> [Int64] {
      try run("Slice", [x, ints([start]), ints([end]), ints([0]), ints([step])])[0].integers
    }
    #expect(try slice(1, -1, 2) == [1, 3])
    #expect(try slice(-1, .min, -2) == [5, 3, 1])
    #expect(try slice(4, 100, 1) == [4, 5])
    #expect(try slice(4, 2, 1) == [])
    #expect(
      try run("Slice", [x], ["starts": .ints([2]), "ends": .ints([4])], opset: 9)[0].integers == [
        2, 3,
      ])
  }

  @Test(arguments: [
    ("constant", [9, 9, 1, 2, 3, 9]), ("edge", [1, 1, 1, 2, 3, 3]),
    ("reflect", [3, 2, 1, 2, 3, 2]),
    ("wrap", [2, 3, 1, 2, 3, 1]),
  ])
  func padsInEveryMode(_ mode: String, _ expected: [Float]) throws {
    let y = try run(
      "Pad", [reals([1, 2, 3], shape: [3]), ints([2, 1]), reals([9], shape: [])],
      ["mode": .string(mode)], opset: 19)
    #expect(y[0].floats == expected)
  }

  @Test func softmaxFlattensBeforeOpset13() throws {
    let x = reals([0, 0, 0, 0], shape: [1, 2, 2])
    #expect(
      try run("Softmax", [x], ["axis": .int(1)], opset: 12)[0].floats == [0.25, 0.25, 0.25, 0.25])
    #expect(
      try run("Softmax", [x], ["axis": .int(1)], opset: 13)[0].floats == [0.5, 0.5, 0.5, 0.5])
  }

  @Test func reductionsTakeAxesEitherWay() throws {
    let x = reals([1, 2, 3, 4, 5, 6], shape: [2, 3])
    #expect(
      try run("ReduceSum", [x, ints([1])], ["keepdims": .int(0)])[0] == reals([6, 15], shape: [2]))
    #expect(try run("ReduceMax", [x], ["axes": .ints([0])])[0] == reals([4, 5, 6], shape: [1, 3]))
    #expect(try run("ReduceMean", [x], ["keepdims": .int(0)])[0] == reals([3.5], shape: []))
    #expect(try run("ArgMax", [x], ["axis": .int(1)])[0].integers == [2, 2])
  }

  @Test func resizesByCoordinateRules() throws {
    let x = reals([1, 2, 3, 4], shape: [1, 1, 4])
    let scales = reals([1, 1, 0.5], shape: [3])
    #expect(
      try run("Resize", [x, nil, scales], ["mode": .string("linear")])[0].floats == [1.5, 3.5])
    let corners = try run(
      "Resize", [x, nil, nil, ints([1, 1, 2])],
      ["mode": .string("linear"), "coordinate_transformation_mode": .string("align_corners")])
    #expect(corners[0].floats == [1, 4])
    let twice = try run("Upsample", [x, reals([1, 1, 2], shape: [3])], opset: 9)
    #expect(twice[0].floats == [1, 1, 2, 2, 3, 3, 4, 4])
  }

  @Test func quantizationRoundsToEvenAndSaturates() throws {
    let x = reals([0.5, 1.5, -1, 300], shape: [4])
    let q = try run(
      "QuantizeLinear", [x, reals([1], shape: []), Tensor([Int64(1)], shape: [], type: .uint8)])[0]
    #expect(q.integers == [1, 3, 0, 255])
    let r = try run(
      "DequantizeLinear", [q, reals([2], shape: []), Tensor([Int64(1)], shape: [], type: .uint8)])[
        0]
    #expect(r.floats == [0, 4, -2, 508])
  }

  @Test(arguments: [3, 300, 3000, 20_000]) func integerProductsAreExact(terms: Int) throws {
    var random = SplitMix(UInt64(terms))
    func codes(_ shape: [Int]) -> Tensor {
      let values = (0..<shape.reduce(1, *)).map { _ in Int64(random.next() >> 56) | 0x80 }
      return Tensor(values, shape: shape, type: .uint8)
    }
    func zero(_ value: Int64) -> Tensor { Tensor([value], shape: [], type: .uint8) }
    let (a, b) = (codes([2, terms]), codes([terms, 2]))
    let expected = (0..<4).map { index in
      (0..<terms).reduce(Int64(0)) {
        $0 + (a.integers[index / 2 * terms + $1] - 3) * (b.integers[2 * $1 + index % 2] - 1)
      }
    }
    let product = try run("MatMulInteger", [a, b, zero(3), zero(1)], opset: 10)[0]
    #expect(product == Tensor(expected, shape: [2, 2], type: .int32))
    let pixels = Tensor(a.integers, shape: [2, terms, 1], type: .uint8)
    let columns = (0..<2).flatMap { n in (0..<terms).map { b.integers[2 * $0 + n] } }
    let weights = Tensor(columns, shape: [2, terms, 1], type: .uint8)
    let sums = try run("ConvInteger", [pixels, weights, zero(3), zero(1)], opset: 10)[0]
    #expect(sums == Tensor(expected, shape: [2, 2, 1], type: .int32))
  }

  @Test func gathersAndScattersNegativeIndices() throws {
    let x = reals([1, 2, 3, 4, 5, 6], shape: [3, 2])
    #expect(try run("Gather", [x, ints([-1, 0])])[0] == reals([5, 6, 1, 2], shape: [2, 2]))
    #expect(throws: ConversionError.self) { try run("Gather", [x, ints([3])]) }
  }

  @Test func matricesBroadcast() throws {
    let a = reals([1, 2, 3, 4], shape: [2, 1, 2])
    let b = reals([1, 0, 0, 1], shape: [2, 2])
    #expect(try run("MatMul", [a, b])[0] == reals([1, 2, 3, 4], shape: [2, 1, 2]))
    #expect(try run("MatMul", [reals([1, 2], shape: [2]), b])[0] == reals([1, 2], shape: [2]))
    let gemm = try run(
      "Gemm",
      [reals([1, 2], shape: [2, 1]), reals([3, 4], shape: [2, 1]), reals([1], shape: [1])],
      ["transA": .int(1), "alpha": .float(2), "beta": .float(10)])
    #expect(gemm[0] == reals([32], shape: [1, 1]))
  }

  @Test func aSpectrumOfAConstantIsItsSum() throws {
    let signal = Tensor([Float](repeating: 1, count: 6), shape: [1, 6])
    let y = try run("STFT", [signal, ints([2]), reals([1, 1, 1, 1], shape: [4])])[0]
    #expect(y.shape == [1, 2, 3, 2])
    #expect(
      y.floats.enumerated().allSatisfy { abs($0.element - ($0.offset % 6 == 0 ? 4 : 0)) < 1e-6 })
  }

  @Test func shapesFollowShapeArithmetic() {
    var fixture = PassFixture()
    let n = Dimension(symbol: "N")
    let x = fixture.graph.add(
      Value(name: "x", type: .float32, shape: [n, Dimension(4), Dimension(6)]))
    fixture.graph.inputs = [x]
    let shape = fixture.node("Shape", [x])
    let first = fixture.node("Gather", [shape, fixture.constant(Tensor([Int64(0)], shape: []))])
    let unsqueezed = fixture.node("Unsqueeze", [first, fixture.ints([0])])
    let target = fixture.node("Concat", [unsqueezed, fixture.ints([2, -1])], ["axis": .int(0)])
    let y = fixture.node("Reshape", [x, target])
    #expect(Inference.run(&fixture.graph).isEmpty)
    #expect(fixture.graph[y].shape == [n, Dimension(2), Dimension(12)])
  }

  private func ints(_ values: [Int64]) -> Tensor { Tensor(values, shape: [values.count]) }

  /// Evaluates one node and expects inference to foresee the shapes.
  private func run(
    _ op: String, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:], opset: Int = 17
  ) throws -> [Tensor] {
    var graph = Graph()
    let ids = inputs.enumerated().map { index, tensor in
      tensor.map { graph.add(Value(name: "i\(index)", $0)) }
    }
    let node = Node(
      name: op, op: op, opset: opset, inputs: ids, outputs: [], attributes: attributes)
    let rule = try #require(Operator.of(node))
    #expect(rule.opsets.contains(opset))
    if rule.body != nil { return [try folded(node, &graph)] }
    let results = try rule.evaluate(node, inputs)
    let foreseen = try rule.infer(node, graph)
    for (tensor, type) in zip(results, foreseen) {
      #expect(type.shape.compactMap(\.constant) == tensor.shape)
      #expect(type.type == tensor.type)
    }
    return results
  }
  /// The first result of a composite of constants.
  private func folded(_ node: Node, _ graph: inout Graph) throws -> Tensor {
    var node = node
    let output = graph.add(Value(name: "y"))
    node.outputs = [output]
    graph.nodes = [node]
    graph.outputs = [output]
    return try #require(try Passes.all(graph)[output].constant)
  }
}
