import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `reduce` against plain sums in double precision, and exactly for int8 means.
@Suite struct ReduceTests {
  /// A tensor, the axes that go, and the elements that meet in each result.
  struct Case {
    var dims: [Int]
    var axes: Range<Int>
    var y: [Int]

    init(_ random: inout SeededRandom, isLarge: Bool) {
      dims = isLarge ? [6, 60, 100] : random.shape(rank: random.int(1...5), most: 6)
      let first = isLarge ? random.int(0...1) : random.int(0...(dims.count - 1))
      axes = first..<random.int((first + 1)...dims.count)
      y = dims
      if random.chance() {
        for axis in axes { y[axis] = 1 }
      } else {
        y.removeSubrange(axes)
      }
    }

    func groups(_ count: Int) -> [[Int]] {
      let inner = dims[axes.upperBound...].reduce(1, *), n = dims[axes].reduce(1, *)
      return (0..<count).map { result in
        (0..<n).map { (result / inner * n + $0) * inner + result % inner }
      }
    }

    func parameters(_ kind: Int) -> ReduceParameters {
      var parameters = ReduceParameters()
      parameters.kind = Int32(kind)
      parameters.axis = Int32(axes.lowerBound)
      parameters.axisCount = Int32(axes.count)
      return parameters
    }
  }

  @Test(arguments: 0..<40) func float(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 5)
    let kind = EDGE_REDUCE_SUM + seed % 5
    let x = random.reals(test.dims.reduce(1, *))
    let node = SingleNode(
      .reduce, [.float(x, test.dims)], Operand(.float32, test.y), test.parameters(kind))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(test)")
    let y = elements(result.y, as: Float.self)
    for (value, group) in zip(y, test.groups(y.count)) {
      let values = group.map { Double(x[$0]) }
      let bound = values.map { kind == EDGE_REDUCE_SUM_SQUARE ? $0 * $0 : abs($0) }.reduce(0, +)
      // n rounded additions are off by at most n half-units of the sum of magnitudes.
      let tolerance = Double(values.count + 1) * 0x1p-24 * bound
      #expect(abs(Double(value) - exact(kind, values)) <= tolerance, "seed \(seed): \(test)")
    }
  }

  private func exact(_ kind: Int, _ values: [Double]) -> Double {
    switch kind {
    case EDGE_REDUCE_SUM: values.reduce(0, +)
    case EDGE_REDUCE_MEAN: values.reduce(0, +) / Double(values.count)
    case EDGE_REDUCE_MAX: values.max() ?? -.infinity
    case EDGE_REDUCE_MIN: values.min() ?? .infinity
    default: values.reduce(0) { $0 + $1 * $1 }
    }
  }

  @Test(arguments: 0..<30) func int8Mean(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 3)
    let x = random.int8(test.dims.reduce(1, *))
    let node = SingleNode(
      .reduce, [.int8(x, test.dims, scale: 0.5, zeroPoint: 17)],
      Operand(.int8, test.y, scale: 0.3, zeroPoint: -8), test.parameters(EDGE_REDUCE_MEAN))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(test)")
    let ratio: Float = 0.5 / 0.3
    let expected = test.groups(result.y.count).map { group in
      let sum = group.reduce(0) { $0 + Int(x[$1]) - 17 }
      return requantize(Float(sum) * (ratio / Float(group.count)), zeroPoint: -8)
    }
    #expect(elements(result.y) == expected, "seed \(seed): \(test)")
  }

  @Test func reducingNothingGivesTheNeutralElement() throws {
    for (kind, expected) in [
      (EDGE_REDUCE_SUM, Float(0)), (EDGE_REDUCE_MAX, -.infinity), (EDGE_REDUCE_MIN, .infinity),
    ] {
      var parameters = ReduceParameters()
      parameters.kind = Int32(kind)
      parameters.axis = 1
      let node = SingleNode(
        .reduce, [Operand(.float32, [2, 0])], Operand(.float32, [2]), parameters)
      #expect(try elements(node.runEverywhere().y) == [expected, expected])
    }
  }
}
