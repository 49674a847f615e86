import EdgeFormat
import Testing

@testable import EdgeConvert

/// Models that come quantized: the file keeps the scales and codes that they bring, and computes in
/// INT8 what they compute in simulation.
@Suite struct GivenQuantizationTests {
  @Test(arguments: [ElementType.uint8, .int8], [true, false])
  func layersBecomeIntegerKernels(type: ElementType, perChannel: Bool) throws {
    var m = QuantizedFixture(type)
    let x = m.rounded(m.input("x", [1, 8, 6, 6]))
    let w = m.weights([12, 8, 3, 3], axis: perChannel ? 0 : nil)
    let y = m.rounded(m.f.node("Relu", [m.f.node("Conv", [x, w, m.bias(12)])]), 0.1, -100)
    let z = m.rounded(m.f.node("Conv", [y, m.weights([12, 12, 1, 1], axis: nil)]))
    let sum = m.rounded(m.f.node("Add", [z, y]))
    let pooled = m.rounded(m.f.node("GlobalAveragePool", [sum]), 0.03)
    let row = m.rounded(m.f.node("Flatten", [pooled]), 0.03)
    m.f.output(m.rounded(m.f.node("Gemm", [row, m.weights([12, 5], axis: nil)])))
    let outcome = try m.run()
    #expect(
      Set(outcome.file.nodes.map(\.operation)) == [
        "transpose", "convolution", "binary", "reduce",
      ])
    #expect(outcome.steps <= 1)
  }

  @Test func codesOfWeightsAreKept() throws {
    var m = QuantizedFixture(.int8)
    let x = m.rounded(m.input("x", [1, 1]))
    let codes = Tensor((0..<256).map { Int64($0) - 128 }, shape: [1, 256], type: .int8)
    let w = m.dequantized(codes, scale: reals([0.37], shape: []))
    m.f.output(m.f.node("MatMul", [x, w]))
    let quantization = try m.given()
    let scales = try #require(quantization.quantization.weightScales[0])
    let weights = try #require(
      quantization.graph.nodes[0].input(1).flatMap {
        quantization.graph[$0].constant
      })
    let bank = FilterBank(matrix: weights.floats, outChannels: 256, channels: 1)
    #expect(bank.quantized(scales, lowest: -128) == (0..<256).map { Int8($0 - 128) })
  }

  /// Scaled, or with the bias rounded into the sums, the layer would not be what its maker has quantized.
  @Test(arguments: ["Add", "Mul"])
  func affineFunctionsStayBehindQuantizedLayers(op: String) throws {
    var m = QuantizedFixture(.uint8)
    let x = m.rounded(m.input("x", [2, 8]))
    let y = m.f.node("MatMul", [x, m.weights([8, 6], axis: 1)])
    m.f.output(m.rounded(m.f.node(op, [y, m.f.weights([6])])))
    let outcome = try m.run()
    #expect(outcome.count("convolution") == 1)
    #expect(!outcome.reasons.contains { $0.contains("scale") })
    #expect(outcome.steps <= 1)
  }

  @Test func weightsWithAZeroPointStayFloat() throws {
    var m = QuantizedFixture(.uint8)
    let x = m.rounded(m.input("x", [1, 4, 2, 2]))
    let codes = Tensor((0..<16).map { Int64($0 * 17) }, shape: [4, 4, 1, 1], type: .uint8)
    let w = m.dequantized(codes, scale: reals([0.02], shape: []), zero: 10)
    m.f.output(m.rounded(m.f.node("Conv", [x, w])))
    let outcome = try m.run()
    #expect(outcome.reasons.contains { $0.contains("zero point") })
    #expect(outcome.steps <= 1)
  }

  @Test func whatIsNotQuantizedStaysFloat() throws {
    var m = QuantizedFixture(.uint8)
    let x = m.rounded(m.input("x", [2, 8]))
    let y = m.f.node("MatMul", [x, m.weights([8, 8], axis: 1)])
    m.f.output(m.rounded(m.f.node("Softmax", [y]), 1 / 256, -128), m.f.node("Exp", [y]))
    let outcome = try m.run()
    #expect(outcome.reasons == ["its operands are not quantized", "no INT8 form of Softmax"])
    #expect(outcome.count("dequantize") == 0, "a layer that is read in float writes float")
    #expect(outcome.count("quantize") == 1)
    #expect(outcome.steps <= 1)
  }

  @Test func movementStaysBetweenIntegers() throws {
    var m = QuantizedFixture(.uint8)
    let x = m.rounded(m.input("x", [1, 4, 6, 6]))
    let moved = m.f.node("Transpose", [x], ["perm": .ints([0, 2, 3, 1])])
    let row = m.f.node("Reshape", [m.rounded(moved), m.f.ints([36, 4])])
    let joined = m.rounded(
      m.f.node(
        "Concat", [row, m.rounded(m.f.node("Sigmoid", [row]), 1 / 256, -128)], ["axis": .int(1)]))
    m.f.output(m.rounded(m.f.node("MatMul", [joined, m.weights([8, 3], axis: 1)])))
    let outcome = try m.run()
    #expect(outcome.count("quantize") + outcome.count("dequantize") == 0)
    #expect(outcome.steps <= 1)
  }

  @Test func codesMayMoveBeforeTheyAreRead() throws {
    var m = QuantizedFixture(.uint8)
    let x = m.input("x", [1, 4, 6, 6])
    let codes = m.quantized(x)
    let pooled = m.f.node("MaxPool", [codes], ["kernel_shape": .ints([2, 2])])
    let y = m.f.node("Conv", [m.dequantized(pooled), m.weights([4, 4, 3, 3], axis: 0)])
    m.f.output(m.rounded(y), m.f.node("Cast", [codes], ["to": .int(6)]))
    let outcome = try m.run()
    #expect(outcome.count("max_pool") == 1)
    #expect(outcome.steps <= 1)
  }

  @Test func quantizedOperatorsAreReadAsPairs() throws {
    var m = QuantizedFixture(.uint8)
    let x = m.quantized(m.input("x", [2, 6]))
    let (scale, zero) = (m.scalar(0.05), m.code(120))
    let w = m.f.constant(
      Tensor((0..<24).map { Int64($0 * 10) }, shape: [6, 4], type: .int8))
    let y = m.f.node(
      "QLinearMatMul",
      [
        x, m.scale, m.zero, w, m.scalar(0.01),
        m.f.constant(Tensor([Int64(0)], shape: [], type: .int8)), scale, zero,
      ])
    m.f.output(m.f.node("DequantizeLinear", [y, scale, zero]))
    let outcome = try m.run()
    #expect(outcome.count("convolution") == 1)
    #expect(outcome.steps <= 1)
  }

  @Test func aModelWithoutQuantizedActivationsIsFloat() throws {
    var m = QuantizedFixture(.uint8)
    m.f.output(m.f.node("MatMul", [m.input("x", [2, 6]), m.weights([6, 4], axis: 1)]))
    #expect(try QuantizationReader.read(m.f.graph) == nil)
  }
}
