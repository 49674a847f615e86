import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `resize_nearest` and `resize_linear` against one element at a time; exact.
@Suite struct ResizeTests {
  /// Shapes and tables of a resize.
  struct Case {
    var x: [Int]
    var y: [Int]
    var first: [[Int32]]
    var second: [[Int32]]
    var weights: [[Float]]

    init(_ random: inout SeededRandom, isLarge: Bool) {
      let most = isLarge ? 20 : 6
      let x = [random.int(1...2), random.int(1...most), random.int(1...most), random.int(1...20)]
      let y = [x[0], isLarge ? 33 : random.int(1...9), isLarge ? 41 : random.int(1...9), x[3]]
      self.x = x
      self.y = y
      func table(_ axis: Int) -> [Int32] {
        (0..<y[axis]).map { _ in Int32(random.int(0...(x[axis] - 1))) }
      }
      first = [table(1), table(2)]
      second = [table(1), table(2)]
      weights = [1, 2].map { axis in (0..<y[axis]).map { _ in Float(random.int(0...16)) / 16 } }
    }

    func x(_ index: [Int], _ row: Int32, _ column: Int32) -> Int {
      offset([index[0], Int(row), Int(column), index[3]], x)
    }

    func linear(_ index: [Int], _ value: (Int) -> Float) -> Float {
      let rows = (first[0][index[1]], second[0][index[1]])
      let columns = (first[1][index[2]], second[1][index[2]])
      let rowWeight = weights[0][index[1]], columnWeight = weights[1][index[2]]
      let top =
        value(x(index, rows.0, columns.0)) * (1 - columnWeight)
        + value(x(index, rows.0, columns.1)) * columnWeight
      let bottom =
        value(x(index, rows.1, columns.0)) * (1 - columnWeight)
        + value(x(index, rows.1, columns.1)) * columnWeight
      return top * (1 - rowWeight) + bottom * rowWeight
    }

    var linearTables: [Operand?] {
      (0..<2).flatMap { axis -> [Operand?] in
        let dims = [first[axis].count]
        return [
          Operand.int32(first[axis], dims).constant, Operand.int32(second[axis], dims).constant,
          Operand.float(weights[axis], dims).constant,
        ]
      }
    }
  }

  @Test(arguments: 0..<20) func nearest(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 2)
    let x = random.int8(test.x.reduce(1, *))
    let node = SingleNode(
      .resizeNearest,
      [
        .int8(x, test.x), Operand.int32(test.first[0], [test.y[1]]).constant,
        Operand.int32(test.first[1], [test.y[2]]).constant,
      ], Operand(.int8, test.y, scale: 1))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(test)")
    let expected = indices(test.y).map { index in
      x[test.x(index, test.first[0][index[1]], test.first[1][index[2]])]
    }
    #expect(elements(result.y) == expected, "seed \(seed): \(test)")
  }

  @Test(arguments: 0..<20) func linear(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 2)
    let count = test.x.reduce(1, *)
    let reals = random.reals(count), quantized = random.int8(count)
    let float = try SingleNode(
      .resizeLinear, [.float(reals, test.x)] + test.linearTables, Operand(.float32, test.y)
    ).runEverywhere()
    #expect(float.disagreement == nil, "seed \(seed): \(test)")
    #expect(
      elements(float.y) == indices(test.y).map { test.linear($0) { reals[$0] } },
      "seed \(seed): \(test)")
    let int8 = try SingleNode(
      .resizeLinear, [.int8(quantized, test.x, zeroPoint: 9)] + test.linearTables,
      Operand(.int8, test.y, scale: 1, zeroPoint: 9)
    ).runEverywhere()
    #expect(int8.disagreement == nil, "seed \(seed): \(test)")
    let expected = indices(test.y).map { index in
      requantize(test.linear(index) { Float(quantized[$0]) - 9 }, zeroPoint: 9)
    }
    #expect(elements(int8.y) == expected, "seed \(seed): \(test)")
  }
}
