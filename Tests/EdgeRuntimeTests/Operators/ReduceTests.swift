import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `reduce` against plain sums in double precision, exactly for int8 and integers; `argReduce`.
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
    let kind = EDGE_REDUCE_SUM + seed % 6
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
      let target = exact(kind, values)
      let allowed =
        kind == EDGE_REDUCE_PROD ? Double(values.count) * 0x1p-23 * abs(target) : tolerance
      #expect(abs(Double(value) - target) <= allowed + 0x1p-126, "seed \(seed): \(test)")
    }
  }

  private func exact(_ kind: Int, _ values: [Double]) -> Double {
    switch kind {
    case EDGE_REDUCE_SUM: values.reduce(0, +)
    case EDGE_REDUCE_MEAN: values.reduce(0, +) / Double(values.count)
    case EDGE_REDUCE_MAX: values.max() ?? -.infinity
    case EDGE_REDUCE_MIN: values.min() ?? .infinity
    case EDGE_REDUCE_PROD: values.reduce(1, *)
    default: values.reduce(0) { $0 + $1 * $1 }
    }
  }

  @Test(arguments: 0..<40) func int8(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 4)
    let kind = EDGE_REDUCE_MEAN + seed % 3
    let isExtreme = kind == EDGE_REDUCE_MAX || kind == EDGE_REDUCE_MIN
    let x = random.int8(test.dims.reduce(1, *))
    let scale: Float = isExtreme ? 0.5 : 0.3, zero: Int32 = isExtreme ? 17 : -8
    let node = SingleNode(
      .reduce, [.int8(x, test.dims, scale: 0.5, zeroPoint: 17)],
      Operand(.int8, test.y, scale: scale, zeroPoint: zero), test.parameters(kind))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(test)")
    let ratio = 0.5 / scale
    let expected = test.groups(result.y.count).map { group -> Int8 in
      let codes = group.map { x[$0] }
      if isExtreme { return (kind == EDGE_REDUCE_MAX ? codes.max() : codes.min()) ?? 0 }
      let sum = codes.reduce(0) { $0 + Int($1) - 17 }
      return requantize(Float(sum) * (ratio / Float(codes.count)), zeroPoint: -8)
    }
    #expect(elements(result.y) == expected, "seed \(seed): \(test)")
  }

  @Test(arguments: 0..<40) func integers(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 4)
    let kinds = [
      EDGE_REDUCE_SUM, EDGE_REDUCE_MAX, EDGE_REDUCE_MIN, EDGE_REDUCE_SUM_SQUARE, EDGE_REDUCE_PROD,
    ]
    let kind = kinds[seed % kinds.count]
    let x = (0..<test.dims.reduce(1, *)).map { _ in
      Int64(random.int(-9...9)) << Int64(random.int(0...62))
    }
    let expected = test.groups(test.y.reduce(1, *)).map { group in
      let row = group.map { x[$0] }
      switch kind {
      case EDGE_REDUCE_SUM: return row.reduce(0, &+)
      case EDGE_REDUCE_MAX: return row.max() ?? .min
      case EDGE_REDUCE_MIN: return row.min() ?? .max
      case EDGE_REDUCE_SUM_SQUARE: return row.reduce(0) { $0 &+ $1 &* $1 }
      default: return row.reduce(1, &*)
      }
    }
    let node = SingleNode(
      .reduce, [.int64(x, test.dims)], Operand(.int64, test.y), test.parameters(kind))
    #expect(try elements(node.runEverywhere().y) == expected, "seed \(seed): \(test)")
  }

  /// Values with many ties, zeros of both signs and now and then a NaN.
  @Test(arguments: 0..<40) func positionOfTheExtreme(seed: Int) throws {
    var random = SeededRandom(seed)
    var test = Case(&random, isLarge: false)
    let isKept = test.y.count == test.dims.count
    test.axes = test.axes.lowerBound..<(test.axes.lowerBound + 1)
    test.y = test.dims
    if isKept { test.y[test.axes.lowerBound] = 1 } else { test.y.remove(at: test.axes.lowerBound) }
    var parameters = ArgReduceParameters()
    parameters.kind = Int32(seed % 2 == 0 ? EDGE_REDUCE_MAX : EDGE_REDUCE_MIN)
    parameters.axis = Int32(test.axes.lowerBound)
    parameters.isLast = random.chance() ? 1 : 0
    let codes = (0..<test.dims.reduce(1, *)).map { _ in random.int(-3...3) }
    let reals = codes.map { code -> Float in
      random.chance(20) ? .nan : code == 0 && random.chance() ? -0.0 : Float(code)
    }
    func expected(_ isBetter: (Int, Int) -> Bool) -> [Int64] {
      test.groups(test.y.reduce(1, *)).map { group in
        var best = 0
        for place in group.indices.dropFirst()
        where isBetter(group[place], group[best])
          || (parameters.isLast == 1 && !isBetter(group[best], group[place]))
        {
          best = place
        }
        return Int64(best)
      }
    }
    func order(_ a: Int, _ b: Int) -> Bool { seed % 2 == 0 ? a > b : a < b }
    let integers = expected { order(codes[$0], codes[$1]) }
    let floats = expected { a, b in
      if reals[a].isNaN || reals[b].isNaN { return reals[a].isNaN && !reals[b].isNaN }
      return order(Int(reals[a]), Int(reals[b]))
    }
    let inputs: [(Operand, [Int64])] = [
      (.float(reals, test.dims), floats),
      (.int8(codes.map { Int8($0) }, test.dims, scale: 1, zeroPoint: 0), integers),
      (.int64(codes.map { Int64($0) << 40 }, test.dims), integers),
    ]
    for (input, expected) in inputs {
      let node = SingleNode(.argReduce, [input], Operand(.int64, test.y), parameters)
      #expect(try elements(node.runEverywhere().y) == expected, "seed \(seed): \(test)")
    }
  }

  @Test func reducingNothingGivesTheNeutralElement() throws {
    for (kind, expected) in [
      (EDGE_REDUCE_SUM, Float(0)), (EDGE_REDUCE_MAX, -.infinity), (EDGE_REDUCE_MIN, .infinity),
      (EDGE_REDUCE_PROD, 1),
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
