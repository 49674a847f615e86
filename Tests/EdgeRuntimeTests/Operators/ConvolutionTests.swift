import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `convolution` and `depthwise` against sums written out tap by tap; equality is exact, in float
/// too.
@Suite struct ConvolutionTests {
  @Test(arguments: 0..<60) func int8Convolution(seed: Int) throws {
    try expectInt8(ConvolutionCase(seed: seed, isDepthwise: false))
  }

  @Test(arguments: 0..<40) func int8Depthwise(seed: Int) throws {
    try expectInt8(ConvolutionCase(seed: 1000 + seed, isDepthwise: true))
  }

  @Test(arguments: 0..<40) func floatConvolution(seed: Int) throws {
    try expectFloat(ConvolutionCase(seed: 2000 + seed, isDepthwise: false))
  }

  @Test(arguments: 0..<30) func floatDepthwise(seed: Int) throws {
    try expectFloat(ConvolutionCase(seed: 3000 + seed, isDepthwise: true))
  }

  @Test(arguments: 0..<4) func largeEnoughToBeCutIntoParts(seed: Int) throws {
    try expectInt8(ConvolutionCase(seed: 4000 + seed, isDepthwise: seed % 2 == 0, isLarge: true))
    try expectFloat(ConvolutionCase(seed: 5000 + seed, isDepthwise: seed % 2 == 0, isLarge: true))
  }

  private func expectInt8(_ original: ConvolutionCase) throws {
    var test = original
    test.isOutputFloat = !test.hasResidual && test.random.chance(5)
    test.hasTable = !test.isOutputFloat && test.random.chance(4)
    let int8 = Int8Convolution(&test)
    let result = try int8.node(test).runEverywhere()
    #expect(result.disagreement == nil, "\(test)")
    #expect(result.y == int8.expected(test), "\(test)")
  }

  private func expectFloat(_ original: ConvolutionCase) throws {
    var test = original
    test.parameters.lowFloat = -20
    test.parameters.highFloat = 30
    let taps = test.filters.height * test.filters.width * test.filters.channels
    let x = test.random.reals(test.x.reduce(1, *))
    let weights = test.random.reals(test.y[3] * taps)
    let bias = test.random.reals(test.y[3])
    let residual = test.hasResidual ? test.random.reals(test.y.reduce(1, *)) : nil
    let outputs = test.filters.outputs
    var all = test.filters
    all.outputs = test.y[3]
    let packed =
      test.isDepthwise
      ? PackedWeights(outputs: test.y[3], height: all.height, width: all.width, channels: 1)
        .float(weights)
      : (0..<test.groups).flatMap {
        test.filters.float(Array(weights[$0 * outputs * taps..<($0 + 1) * outputs * taps]))
      }
    let vectors = padded(bias, groups: test.isDepthwise ? 1 : test.groups)
    let node = SingleNode(
      test.isDepthwise ? .depthwise : .convolution,
      [
        .float(x, test.x), Operand.float(packed, [packed.count]).constant,
        Operand.float(vectors, [vectors.count]).constant, nil, nil,
        residual.map { .float($0, test.y) },
      ], Operand(.float32, test.y), test.parameters)
    var expected: [Float] = []
    for (position, index) in indices(test.y).enumerated() {
      var sum = bias[index[3]]
      test.forEachTap(index) { sum = sum.addingProduct($0.map { x[$0] } ?? 0, weights[$1]) }
      if sum < 0, test.parameters.slope != 1 { sum *= test.parameters.slope }
      if let residual { sum += residual[position] }
      expected.append(max(-20, min(30, sum)))
    }
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "\(test)")
    #expect(elements(result.y) == expected, "\(test)")
  }
}

/// Values of an int8 convolution.
struct Int8Convolution {
  let x: [Int8]
  let weights: [Int8]
  let bias: [Int32]
  let multiplier: [Float]
  let residual: [Int8]?
  let table: [Int8]?

  init(_ test: inout ConvolutionCase) {
    let taps = test.filters.height * test.filters.width * test.filters.channels
    x = test.random.int8(test.x.reduce(1, *))
    weights = test.random.int8(test.y[3] * taps)
    var random = test.random
    bias = (0..<test.y[3]).map { _ in Int32(random.int(-9999...9999)) }
    multiplier = (0..<test.y[3]).map { _ in Float(random.int(1...999)) / Float(400_000 * taps) }
    residual = test.hasResidual ? random.int8(test.y.reduce(1, *)) : nil
    table = test.hasTable ? random.int8(256) : nil
    test.random = random
    test.parameters.residualMultiplier = 0.4375
    test.parameters.low = -100
    test.parameters.high = 110
    test.parameters.tableZero = table == nil ? 0 : 9
  }

  func node(_ test: ConvolutionCase) -> SingleNode {
    let filters = test.filters
    let size = filters.height * filters.width * filters.channels
    let perTap = test.parameters.dilationWidth > 1 || test.groups > 1
    let packed: [Int8] =
      test.isDepthwise
      ? PackedWeights(
        outputs: test.y[3], height: filters.height, width: filters.width, channels: 1
      ).depthwiseInt8(weights)
      : (0..<test.groups).flatMap {
        filters.int8(
          Array(weights[$0 * filters.outputs * size..<($0 + 1) * filters.outputs * size]),
          segmentsPerTap: perTap)
      }
    let groups = test.isDepthwise ? 1 : test.groups
    let sums = (0..<test.y[3]).map { m in
      weights[m * size..<(m + 1) * size].reduce(Int32(0)) { $0 + Int32($1) }
    }
    let biasU8 = zip(bias, sums).map { $0 - 128 * $1 }
    func vector(_ values: [Int32]) -> Operand {
      let values = padded(values, groups: groups)
      return Operand.int32(values, [values.count]).constant
    }
    let scales = padded(multiplier, groups: groups)
    return SingleNode(
      test.isDepthwise ? .depthwise : .convolution,
      [
        .int8(x, test.x, zeroPoint: 7), Operand.int8(packed, [packed.count]).constant,
        vector(bias), vector(biasU8), Operand.float(scales, [scales.count]).constant,
        residual.map { .int8($0, test.y, zeroPoint: 3) },
        table.map { Operand.int8($0, [256]).constant },
      ],
      test.isOutputFloat
        ? Operand(.float32, test.y) : Operand(.int8, test.y, scale: 1, zeroPoint: -5),
      test.parameters)
  }

  func expected(_ test: ConvolutionCase) -> [UInt8] {
    var floats: [Float] = []
    var quantized: [Int8] = []
    for (position, index) in indices(test.y).enumerated() {
      var sum = bias[index[3]]
      test.forEachTap(index) { sum += Int32($0.map { x[$0] } ?? 7) * Int32(weights[$1]) }
      var value = Float(sum) * multiplier[index[3]]
      if value < 0, test.parameters.slope != 1 { value *= test.parameters.slope }
      if let residual { value += Float(Int32(residual[position]) - 3) * 0.4375 }
      floats.append(value)
      let q = requantize(value, zeroPoint: table == nil ? -5 : 9, low: -100, high: 110)
      quantized.append(table.map { $0[Int(q) + 128] } ?? q)
    }
    return test.isOutputFloat ? bytes(of: floats) : bytes(of: quantized)
  }
}
