import EdgeFormat
import Testing

@testable import EdgeConvert

/// Block-sparse weights: found in models that have zeros, made by pruning, kept by rounding.
@Suite struct SparseTests {
  /// Weights `[outputs][inputs]` of which one 4 x n block in `every` is kept.
  private static func weights(
    outputs: Int, inputs: Int, n: Int, every: Int, _ random: inout SplitMix
  ) -> [Float] {
    var values = (0..<outputs * inputs).map { _ in random.gaussian() }
    for m in 0..<outputs {
      for k in 0..<inputs where (m / n * 7 + k / 4 * 3) % every != 0 { values[m * inputs + k] = 0 }
    }
    return values
  }

  @Test(arguments: [4, 2, 1]) func theBestShapeIsFound(n: Int) throws {
    var random = SplitMix(3)
    let bank = FilterBank(
      matrix: SparseTests.weights(outputs: 40, inputs: 64, n: n, every: 5, &random),
      outChannels: 40, channels: 64)
    let packed = bank.packed(
      bank.quantized(bank.scales(given: nil, bias: nil, inputScale: 1)), dilationWidth: 1)
    let blocks = try #require(SparseBlocks.faster(than: packed, depth: 16, channels: 40, rows: 64))
    #expect(blocks.outputs == n)
    #expect(blocks.starts.count == 48 / n + 1)
    #expect(blocks.values.count == blocks.columns.count * 4 * n)
    #expect(blocks.bytes < packed.count / 2)
    let dense = bank.packed(Array(repeating: 1, count: 40 * 64), dilationWidth: 1)
    #expect(SparseBlocks.faster(than: dense, depth: 16, channels: 40, rows: 64) == nil)
  }

  @Test func sparseLayersRunAsTheirReference() throws {
    var f = PlanFixture()
    var random = SplitMix(5)
    let x = f.input("x", [1, 16, 7, 7])
    var kernel = f.noise([32, 16, 3, 3]).floats
    for index in kernel.indices where index / 9 / 4 % 4 + index / (9 * 64) % 2 != 0 {
      kernel[index] = 0
    }
    let y = f.node(
      "Conv", [x, f.constant(Tensor(kernel, shape: [32, 16, 3, 3])), f.weights([32])],
      ["pads": .ints([1, 1, 1, 1])])
    let rows = f.node("Reshape", [y, f.ints([1, 32, 49])])
    let matrix = SparseTests.weights(outputs: 64, inputs: 32, n: 4, every: 6, &random)
    let transposed = f.node("Transpose", [rows], ["perm": .ints([0, 2, 1])])
    let byColumn = (0..<32).flatMap { k in (0..<64).map { matrix[$0 * 32 + k] } }
    f.output(f.node("MatMul", [transposed, f.constant(Tensor(byColumn, shape: [32, 64]))]))
    let outcome = try f.run(.int8)
    let layers = outcome.file.nodes.filter { $0.operation == "convolution" }
    #expect(layers.map(\.blocks?.outputs) == [4, 4])
    #expect(outcome.error < 0.04)
    let header = outcome.file.bytes.withUnsafeBytes { $0.loadUnaligned(as: Header.self) }
    #expect(header.requiredFeatures == Header.blockSparseFeature)
  }

  @Test func roundingKeepsZeros() {
    var random = SplitMix(9)
    let weights = SparseTests.weights(outputs: 8, inputs: 32, n: 4, every: 3, &random)
    let gram = SparseTests.gram(32, &random)
    let rounded = CompensatedRounding.rounded(
      weights, scales: Array(repeating: 0.02, count: 8), gram: gram, terms: 32)
    #expect(zip(weights, rounded).allSatisfy { $0 != 0 || $1 == 0 })
  }

  /// Second moments of inputs that depend on each other.
  private static func gram(_ n: Int, _ random: inout SplitMix) -> [Float] {
    let mixed = (0..<n * n).map { _ in random.gaussian() }
    var gram = [Float](repeating: 0, count: n * n)
    for _ in 0..<4 * n {
      let source = (0..<n).map { $0 % 3 == 0 ? 3 * random.gaussian() : random.gaussian() }
      let x = (0..<n).map { i in
        (0..<n).reduce(source[i]) { $0 + 0.3 * mixed[i * n + $1] * source[$1] }
      }
      for i in 0..<n { for j in 0..<n { gram[i * n + j] += x[i] * x[j] } }
    }
    return gram
  }

  @Test(arguments: [4, 2, 1]) func pruningBeatsMagnitude(n: Int) throws {
    var random = SplitMix(UInt64(20 + n))
    let rows = 16, terms = 160
    let weights = (0..<rows * terms).map { _ in random.gaussian() }
    let pruning = try #require(
      BlockPruning(gram: SparseTests.gram(terms, &random), terms: terms, outputs: n))
    let pruned = pruning.pruned(weights, sparsity: 0.5)
    var magnitude = weights
    let blocks = (0..<rows / n * terms / 4).map { index -> (energy: Float, places: [Int]) in
      let places = (0..<n).flatMap { r in
        (0..<4).map { (index / (terms / 4) * n + r) * terms + index % (terms / 4) * 4 + $0 }
      }
      return (places.reduce(0) { $0 + weights[$1] * weights[$1] }, places)
    }.sorted { $0.energy < $1.energy }
    for block in blocks.prefix(blocks.count / 2) {
      for place in block.places { magnitude[place] = 0 }
    }
    let zeros = pruned.count { $0 == 0 }
    #expect(abs(zeros - weights.count / 2) <= 4 * n * 2)
    #expect(pruning.loss(pruned, of: weights) < 0.6 * pruning.loss(magnitude, of: weights))
  }
}
