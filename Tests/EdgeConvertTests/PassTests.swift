import Testing

@testable import EdgeConvert

@Suite struct PassTests {
  var fixture = PassFixture()

  @Test mutating func constantsFold() throws {
    let x = fixture.input([2, 3])
    let sum = fixture.node("Add", [fixture.scalar(1), fixture.scalar(2)])
    try fixture.expect([fixture.node("Mul", [x, sum])], after: Passes.foldConstants, ["Mul"])
  }

  @Test mutating func deadNodesGo() throws {
    let x = fixture.input([2, 3])
    _ = fixture.node("Relu", [x])
    try fixture.expect([fixture.node("Abs", [x])], after: Passes.removeDead, ["Abs"])
  }

  @Test mutating func identitiesGoAndOutputsKeepTheirNames() throws {
    let x = fixture.input([2, 3])
    let relu = fixture.node("Relu", [fixture.node("Identity", [x])])
    let same = fixture.node("Reshape", [relu, fixture.ints([2, 3])])
    try fixture.expect(
      [fixture.node("Identity", [same])], after: repeated(Passes.removeIdentity), ["Relu"])
  }

  @Test mutating func transposesAndReshapesMerge() throws {
    let x = fixture.input([2, 3, 4])
    let first = fixture.node("Transpose", [x], ["perm": .ints([2, 0, 1])])
    let back = fixture.node("Transpose", [first], ["perm": .ints([1, 2, 0])])
    let flat = fixture.node("Flatten", [back])
    let shaped = fixture.node("Reshape", [flat, fixture.ints([4, -1])])
    try fixture.expect(
      [fixture.node("Relu", [shaped])], after: repeated(Passes.removeIdentity, Passes.removeDead),
      ["Reshape", "Relu"])
  }

  @Test mutating func automaticPaddingBecomesPads() throws {
    let x = fixture.input([1, 2, 7, 8])
    let y = fixture.node(
      "Conv", [x, fixture.weights([3, 2, 3, 3])],
      ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 2])])
    let graph = try fixture.expect([y], after: Passes.canonicalizeWindows, ["Conv"])
    #expect(graph.nodes[0].ints("pads") == [1, 1, 1, 0])
  }

  @Test mutating func meanOverSpaceIsAGlobalPool() throws {
    let x = fixture.input([2, 3, 4, 5])
    let y = fixture.node("ReduceMean", [x], ["axes": .ints([-1, -2]), "keepdims": .int(0)])
    try fixture.expect([y], after: Passes.recognizeGlobalPool, ["GlobalAveragePool", "Flatten"])
  }

  @Test mutating func scatteredBlocksAreJoined() throws {
    let x = fixture.input([3, 4, 2])
    func tuples(_ rows: [[Int64]]) -> Tensor {
      Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count])
    }
    let middle = fixture.constant(tuples([[0, 1], [0, 2], [1, 1], [1, 2], [-1, 1], [-1, 2]]))
    let first = fixture.node("ScatterND", [x, middle, fixture.weights([6, 2])], opset: 18)
    let whole = fixture.constant(tuples([[0], [1], [2]]))
    let second = fixture.node("ScatterND", [x, whole, fixture.weights([3, 4, 2])], opset: 18)
    let scattered = fixture.constant(tuples([[0, 1], [1, 0]]))
    let third = fixture.node("ScatterND", [x, scattered, fixture.weights([2, 2])], opset: 18)
    try fixture.expect(
      [first, second, third], after: Passes.joinScatteredBlocks,
      ["Reshape", "Slice", "Slice", "Concat", "Identity", "ScatterND"])
  }

  @Test mutating func gatesAreRecognized() throws {
    let x = fixture.input([2, 8])
    let swish = fixture.node("Mul", [x, fixture.node("Sigmoid", [x])])
    let clip = fixture.node(
      "Clip",
      [fixture.node("Add", [swish, fixture.scalar(3)]), fixture.scalar(0), fixture.scalar(6)])
    let hard = fixture.node("Div", [fixture.node("Mul", [swish, clip]), fixture.scalar(6)])
    let erf = fixture.node("Erf", [fixture.node("Div", [hard, fixture.scalar(1.414_213_5)])])
    let gate = fixture.node("Add", [erf, fixture.scalar(1)])
    let gelu = fixture.node("Mul", [fixture.node("Mul", [hard, gate]), fixture.scalar(0.5)])
    try fixture.expect(
      [gelu], after: repeated(Passes.recognizeGates), ["Swish", "HardSwish", "Gelu"])
  }

  @Test(arguments: ["quotient", "reciprocal", "root mean square"])
  mutating func spelledOutNormalizationsAreRecognized(form: String) throws {
    let x = fixture.input([2, 5, 6])
    let rows: [String: Attribute] = ["axes": .ints([-1])]
    let isCentred = form != "root mean square"
    let v =
      isCentred ? fixture.node("Sub", [x, fixture.node("ReduceMean", [x], rows)]) : x
    let square = fixture.node("ReduceMean", [fixture.node("Mul", [v, v])], rows)
    let root = fixture.node("Sqrt", [fixture.node("Add", [square, fixture.scalar(0.1)])])
    let normal =
      form == "reciprocal"
      ? fixture.node("Mul", [v, fixture.node("Reciprocal", [root])])
      : fixture.node("Div", [v, root])
    let scaled = fixture.node("Mul", [fixture.weights([6]), normal])
    let y = isCentred ? fixture.node("Add", [scaled, fixture.weights([1, 1, 6])]) : scaled
    let graph = try fixture.expect(
      [y], after: Passes.recognizeNormalizations, ["edge.Normalization"])
    #expect(graph.nodes[0].int("centred") == (isCentred ? 1 : 0))
    #expect(graph.nodes[0].inputs.count == (isCentred ? 3 : 2))
  }

  @Test(arguments: [0, 1]) mutating func flattenedProductsAreOfRows(transB: Int) throws {
    let x = fixture.input([2, 5, 6])
    let flat = fixture.node("Reshape", [x, fixture.ints([10, 6])])
    let gemm = fixture.node(
      "Gemm", [flat, fixture.weights(transB == 1 ? [4, 6] : [6, 4]), fixture.weights([4])],
      ["transB": .int(Int64(transB))])
    let y = fixture.node("Reshape", [gemm, fixture.ints([2, 5, 4])])
    try fixture.expect(
      [y], after: repeated(Passes.unflattenProducts, Passes.removeDead), ["MatMul"])
  }

  @Test(arguments: ["scaled and masked", "divided", "bare"])
  mutating func spelledOutAttentionIsRecognized(form: String) throws {
    let shape = form == "bare" ? [2, 5, 6] : [2, 3, 5, 6]
    let q = fixture.input(shape), k = fixture.input(shape), v = fixture.input(shape)
    let swap: [Int64] = form == "bare" ? [0, 2, 1] : [0, 1, 3, 2]
    var scores = fixture.node(
      "MatMul", [q, fixture.node("Transpose", [k], ["perm": .ints(swap)])])
    if form == "divided" { scores = fixture.node("Div", [scores, fixture.scalar(4)]) }
    if form == "scaled and masked" {
      scores = fixture.node("Mul", [fixture.scalar(0.25), scores])
      scores = fixture.node("Add", [scores, fixture.input([2, 1, 1, 5])])
    }
    let weights = fixture.node("Softmax", [scores], ["axis": .int(-1)])
    let graph = try fixture.expect(
      [fixture.node("MatMul", [weights, v])], after: Passes.recognizeAttention,
      ["Transpose", "edge.Attention"])
    #expect(graph.nodes[1].float("scale") == (form == "bare" ? 1 : 0.25))
    #expect(graph.nodes[1].inputs.count == (form == "scaled and masked" ? 4 : 3))
  }

  @Test mutating func scoresThatSomethingElseReadsStay() throws {
    let q = fixture.input([2, 3, 5, 6]), k = fixture.input([2, 3, 6, 5])
    let scores = fixture.node("MatMul", [q, k])
    let weights = fixture.node("Softmax", [scores], ["axis": .int(-1)])
    let y = fixture.node("MatMul", [weights, fixture.input([2, 3, 5, 6])])
    try fixture.expect(
      [y, fixture.node("Abs", [scores])], after: Passes.recognizeAttention,
      ["MatMul", "Softmax", "MatMul", "Abs"])
  }

  @Test mutating func whatElseReadsACentredValueKeepsIt() throws {
    let x = fixture.input([2, 6])
    let rows: [String: Attribute] = ["axes": .ints([-1])]
    let v = fixture.node("Sub", [x, fixture.node("ReduceMean", [x], rows)])
    let square = fixture.node("ReduceMean", [fixture.node("Mul", [v, v])], rows)
    let y = fixture.node("Div", [v, fixture.node("Sqrt", [square])])
    try fixture.expect(
      [fixture.node("Add", [y, v])], after: Passes.recognizeNormalizations,
      ["ReduceMean", "Sub", "edge.Normalization", "Add"])
  }

  @Test mutating func paddingGoesIntoTheConvolution() throws {
    let x = fixture.input([1, 2, 5, 6])
    let pad = fixture.node("Pad", [x, fixture.ints([0, 0, 1, 2, 0, 0, 0, 1])])
    let y = fixture.node(
      "Conv", [pad, fixture.weights([3, 2, 3, 3])], ["pads": .ints([1, 0, 0, 0])])
    let graph = try fixture.expect([y], after: Passes.foldPad, ["Conv"])
    #expect(graph.nodes[0].ints("pads") == [2, 2, 0, 1])
  }

  @Test mutating func paddingBeforeAPoolFoldsOnlyWhereItIsExact() throws {
    let x = fixture.input([1, 2, 5, 6])
    let pads = fixture.ints([0, 0, 1, 1, 0, 0, 1, 1])
    let window: [String: Attribute] = ["kernel_shape": .ints([2, 2])]
    let raw = fixture.node("MaxPool", [fixture.node("Pad", [x, pads])], window)
    let positive = fixture.node(
      "MaxPool", [fixture.node("Pad", [fixture.node("Relu", [x]), pads])], window)
    let mean = fixture.node("AveragePool", [fixture.node("Pad", [x, pads])], window)
    try fixture.expect(
      [raw, positive, mean], after: Passes.foldPad,
      ["Pad", "MaxPool", "Relu", "MaxPool", "AveragePool"])
  }

  @Test(arguments: ["Conv", "ConvTranspose", "Gemm", "MatMul"])
  func batchNormalizationFolds(_ op: String) throws {
    var fixture = PassFixture()
    let spatial = op.hasPrefix("Conv")
    let x = fixture.input(spatial ? [2, 4, 5, 5] : [3, 4])
    let weights = fixture.weights(
      op == "Conv"
        ? [6, 2, 3, 3] : op == "ConvTranspose" ? [4, 3, 3, 3] : op == "Gemm" ? [6, 4] : [4, 6])
    let attributes: [String: Attribute] =
      spatial ? ["group": .int(2)] : op == "Gemm" ? ["transB": .int(1)] : [:]
    let y = fixture.node(op, [x, weights], attributes)
    try fixture.expect([fixture.batchNorm(y, 6)], after: Passes.foldAffine, [op])
  }

  @Test mutating func sharedWeightsAreCloned() throws {
    let x = fixture.input([1, 2, 4, 4])
    let weights = fixture.weights([3, 2, 1, 1])
    let a = fixture.batchNorm(fixture.node("Conv", [x, weights]), 3)
    let b = fixture.batchNorm(fixture.node("Conv", [x, weights]), 3)
    try fixture.expect([a, b], after: Passes.foldAffine, ["Conv", "Conv"])
  }

  @Test mutating func arithmeticFoldsForwardAndBackward() throws {
    let x = fixture.input([1, 4, 6, 6])
    let scaled = fixture.node("Mul", [x, fixture.weights([1, 4, 1, 1])])
    let shifted = fixture.node("Sub", [fixture.scalar(0.5), scaled])
    let y = fixture.node(
      "Conv", [shifted, fixture.weights([6, 2, 3, 3]), fixture.weights([6])], ["group": .int(2)])
    let divided = fixture.node("Div", [y, fixture.positive([6, 1, 1])])
    try fixture.expect(
      [fixture.node("Add", [divided, fixture.weights([1, 6, 1, 1])])],
      after: repeated(Passes.foldAffine), ["Conv"])
  }

  @Test mutating func shiftBeforePaddingStays() throws {
    let x = fixture.input([1, 2, 6, 6])
    let shifted = fixture.node("Add", [x, fixture.scalar(1)])
    let y = fixture.node(
      "Conv", [shifted, fixture.weights([3, 2, 3, 3])], ["pads": .ints([1, 1, 1, 1])])
    try fixture.expect([y], after: Passes.foldAffine, ["Add", "Conv"])
  }

  @Test mutating func activationsFuse() throws {
    let x = fixture.input([1, 2, 6, 6])
    let a = fixture.node("Relu", [fixture.node("Conv", [x, fixture.weights([3, 2, 3, 3])])])
    let b = fixture.node("LeakyRelu", [fixture.node("Conv", [a, fixture.weights([3, 3, 1, 1])])])
    let c = fixture.node(
      "Clip",
      [
        fixture.node("ConvTranspose", [b, fixture.weights([3, 2, 2, 2])]), fixture.scalar(-0.1),
        fixture.scalar(0.2),
      ])
    try fixture.expect(
      [c], after: repeated(Passes.fuseActivation), ["Conv", "Conv", "ConvTranspose"])
  }

  @Test mutating func residualsFuse() throws {
    let x = fixture.input([1, 2, 6, 6])
    let y = fixture.node("Conv", [x, fixture.weights([2, 2, 1, 1])])
    let sum = fixture.node("Relu", [fixture.node("Add", [y, x])])
    let z = fixture.node(
      "Relu", [fixture.node("Conv", [sum, fixture.weights([2, 2, 1, 1]), fixture.weights([2])])])
    let end = fixture.node("Add", [sum, z])
    try fixture.expect(
      [end], after: repeated(Passes.fuseActivation, Passes.fuseResidual), ["Conv", "Conv"])
  }

  @Test mutating func aClippedConvolutionKeepsItsAddition() throws {
    let x = fixture.input([1, 2, 6, 6])
    let y = fixture.node(
      "Clip",
      [
        fixture.node("Conv", [x, fixture.weights([2, 2, 1, 1])]), fixture.scalar(0),
        fixture.scalar(0.3),
      ])
    try fixture.expect(
      [fixture.node("Add", [y, x])], after: repeated(Passes.fuseActivation, Passes.fuseResidual),
      ["Conv", "Add"])
  }

  @Test(arguments: [[2, 3, 4, 4], [2, 3, 5], [2, 3]])
  func aLooseBatchNormalizationIsLowered(_ shape: [Int]) throws {
    var fixture = PassFixture()
    let x = fixture.input(shape)
    try fixture.expect(
      [fixture.batchNorm(x, 3)], after: Passes.lowerBatchNorm,
      shape.count == 2 ? ["Mul", "Add"] : ["Conv"])
  }

  static let transposedForms: [([String: Attribute], [String])] = [
    (["strides": .ints([2, 2])], ["Conv", "DepthToSpace", "Slice"]),
    (["pads": .ints([1, 0, 2, 1]), "dilations": .ints([2, 1])], ["Conv"]),
    (["pads": .ints([3, 3, 3, 3])], ["Pad", "Conv"]),
    (
      [
        "strides": .ints([2, 3]), "pads": .ints([1, 1, 1, 1]), "output_padding": .ints([1, 0]),
        "group": .int(2),
      ], ["Conv", "DepthToSpace", "Slice"]
    ),
    (["strides": .ints([4, 1]), "auto_pad": .string("SAME_LOWER")], ["Conv", "DepthToSpace"]),
    (
      ["strides": .ints([1, 2]), "output_shape": .ints([6, 13])], ["Conv", "DepthToSpace", "Slice"]
    ),
  ]

  @Test(arguments: transposedForms)
  func aTransposedConvolutionBecomesPhases(_ form: ([String: Attribute], [String])) throws {
    var fixture = PassFixture()
    let x = fixture.input([2, 4, 5, 6])
    var attributes = form.0
    attributes["edge.activation"] = .string("relu")
    let weights = fixture.weights([4, 3, 3, 3])
    let bias = fixture.weights(attributes["group"] == nil ? [3] : [6])
    let y = fixture.node("ConvTranspose", [x, weights, bias], attributes)
    try fixture.expect([y], after: Passes.all, form.1)
  }

  @Test mutating func anUpsamplingKernelNeedsNoSlice() throws {
    let n = Dimension(symbol: "N")
    let x = fixture.graph.add(
      Value(name: "x", type: .float32, shape: [n, Dimension(4), n, Dimension(6)]))
    fixture.graph.inputs = [x]
    let y = fixture.node(
      "ConvTranspose", [x, fixture.weights([4, 3, 2, 2])], ["strides": .ints([2, 2])])
    fixture.graph.outputs = [y]
    let rewritten = try Passes.all(fixture.graph)
    #expect(rewritten.nodes.map(\.op) == ["Conv", "DepthToSpace"])
    #expect(rewritten[y].shape == [n, Dimension(3), n * Dimension(2), Dimension(12)])
  }

  @Test mutating func zeroBiasesGo() throws {
    let x = fixture.input([1, 2, 4, 4])
    let y = fixture.node(
      "Conv",
      [
        x, fixture.weights([3, 2, 1, 1]),
        fixture.constant(Tensor([Float](repeating: 0, count: 3), shape: [3])),
      ])
    let graph = try fixture.expect([y], after: Passes.dropZeroBias, ["Conv"])
    #expect(graph.nodes[0].inputs.count == 2)
  }

  @Test mutating func aKnownBranchIsInlined() throws {
    let x = fixture.input([2])
    var branch = Graph()
    let captured = branch.add(Value(name: "x0"))
    let result = branch.add(Value(name: "r"))
    branch.captures = [captured]
    branch.nodes = [Node(name: "n", op: "Neg", opset: 13, inputs: [captured], outputs: [result])]
    branch.outputs = [result]
    let condition = fixture.constant(Tensor([Int64(1)], shape: [], type: .bool))
    let y = fixture.node(
      "If", [condition], ["then_branch": .graph(branch), "else_branch": .graph(Graph())])
    fixture.graph.outputs = [y]
    let rewritten = try Passes.all(fixture.graph)
    #expect(rewritten.nodes.map(\.op) == ["Neg"])
    #expect(rewritten.nodes[0].inputs == [x])
  }

  @Test mutating func everythingTogether() throws {
    let x = fixture.input([1, 2, 8, 8])
    let pad = fixture.node("Pad", [x, fixture.ints([0, 0, 1, 1, 0, 0, 1, 1])])
    let a = fixture.node(
      "Relu", [fixture.batchNorm(fixture.node("Conv", [pad, fixture.weights([4, 2, 3, 3])]), 4)])
    let b = fixture.batchNorm(fixture.node("Conv", [a, fixture.weights([4, 4, 1, 1])]), 4)
    let sum = fixture.node("Relu", [fixture.node("Add", [a, b])])
    let mean = fixture.node("ReduceMean", [sum], ["axes": .ints([2, 3]), "keepdims": .int(0)])
    let y = fixture.node(
      "Identity", [fixture.node("Gemm", [mean, fixture.weights([4, 3]), fixture.weights([3])])])
    try fixture.expect(
      [y], after: Passes.all, ["Conv", "Conv", "GlobalAveragePool", "Flatten", "Gemm"])
  }

  private func repeated(_ passes: (@Sendable (Graph) throws -> Graph?)...)
    -> @Sendable (Graph) throws -> Graph?
  {
    { graph in
      var current = graph
      for _ in 0..<8 {
        for pass in passes {
          if let next = try pass(current) { current = next }
          _ = Inference.run(&current)
        }
      }
      return current
    }
  }
}
