import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `matmul` against sums in the kernels' order, so that equality is exact.
@Suite struct MatmulTests {
  @Test(arguments: 0..<40) func matmul(seed: Int) throws {
    var random = SeededRandom(seed)
    let batch = random.shape(rank: random.int(0...3), most: 3)
    let isLarge = seed < 3
    let m = random.int(1...(isLarge ? 90 : 9)), k = random.int(0...(isLarge ? 50 : 20))
    let n = random.int(1...(isLarge ? 70 : 40))
    let aBatch = batch.map { random.chance(3) ? 1 : $0 }
    let bBatch = Array(
      (batch.map { random.chance(3) ? 1 : $0 }).dropFirst(random.int(0...batch.count)))
    var parameters = MatmulParameters()
    parameters.transposeA = random.chance() ? 1 : 0
    parameters.transposeB = random.chance() ? 1 : 0
    let aDims = aBatch + (parameters.transposeA != 0 ? [k, m] : [m, k])
    let bDims = bBatch + (parameters.transposeB != 0 ? [n, k] : [k, n])
    let full = [Int](repeating: 1, count: batch.count - bBatch.count) + bBatch
    let yBatch = zip(aBatch, full).map { max($0, $1) }
    let a = random.reals(aDims.reduce(1, *)), b = random.reals(bDims.reduce(1, *))
    func from(_ index: [Int], _ dims: [Int], _ row: Int, _ column: Int, isFlipped: Bool) -> Int {
      let matrix = zip(index.dropLast(2).suffix(dims.count - 2), dims).map { $1 == 1 ? 0 : $0 }
      return offset(matrix + (isFlipped ? [column, row] : [row, column]), dims)
    }
    let expected = indices(yBatch + [m, n]).map { index -> Float in
      let row = index[index.count - 2], column = index[index.count - 1]
      return (0..<k).reduce(Float(0)) { sum, position in
        sum.addingProduct(
          a[from(index, aDims, row, position, isFlipped: parameters.transposeA != 0)],
          b[from(index, bDims, position, column, isFlipped: parameters.transposeB != 0)])
      }
    }
    let node = SingleNode(
      .matmul, [.float(a, aDims), .float(b, bDims)], Operand(.float32, yBatch + [m, n]), parameters)
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(aDims) \(bDims)")
    #expect(elements(result.y) == expected, "seed \(seed): \(aDims) \(bDims)")
  }
}
