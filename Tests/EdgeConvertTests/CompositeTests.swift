import EdgeFormat
import Foundation
import Testing

@testable import EdgeConvert

/// Composites that are converted and run, where ONNX's node tests do not reach: against formulas.
@Suite struct CompositeTests {
  @Test func aLogSoftmaxDoesNotRoundToZero() throws {
    let y = try run("LogSoftmax", reals([0, 200, 1000], shape: [1, 3]))
    #expect(y == [-1000, -800, 0])
  }

  /// -inf of nothing but -inf, inf of one inf, NaN of NaN.
  @Test func aLogarithmOfSumsTakesInfinities() throws {
    let infinity = Float.infinity
    let y = try run(
      "ReduceLogSumExp",
      reals([-infinity, -infinity, 0, infinity, 1, .nan, 500, 500], shape: [4, 2]),
      ["axes": .ints([1]), "keepdims": .int(0)])
    #expect(y[0] == -infinity)
    #expect(y[1] == infinity)
    #expect(y[2].isNaN)
    #expect(abs(y[3] - (500 + log(Float(2)))) < 1e-4)
  }

  @Test(arguments: [18, 21]) func groupsTakeParametersPerGroupThenPerChannel(opset: Int) throws {
    let x = reals([1, 3, 2, 6, 0, 8, 5, 5], shape: [1, 4, 2])
    let scale: [Float] = opset < 21 ? [1, 10] : [1, 2, 10, 20]
    let shift: [Float] = opset < 21 ? [0, 5] : [0, 0, 5, 5]
    let y = try run(
      "GroupNormalization", x, ["num_groups": .int(2), "epsilon": .float(0)], opset: opset,
      [reals(scale, shape: [scale.count]), reals(shift, shape: [shift.count])])
    let expected = (0..<8).map { place -> Float in
      let group = x.floats[(place / 4 * 4)..<(place / 4 * 4 + 4)]
      let mean = group.reduce(0, +) / 4
      let deviation = (group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4).squareRoot()
      let parameter = opset < 21 ? place / 4 : place / 2
      return (x.floats[place] - mean) / deviation * scale[parameter] + shift[parameter]
    }
    #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  /// Against the sum over all permutations.
  @Test(arguments: 1...5) func determinantsAreThoseOfLeibniz(size: Int) throws {
    var fixture = PlanFixture()
    let x = fixture.noise([2, size, size])
    let y = try run("Det", x)
    for matrix in 0..<2 {
      let rows = (0..<size).map { row in
        (0..<size).map { Double(x.floats[(matrix * size + row) * size + $0]) }
      }
      #expect(abs(Double(y[matrix]) - determinant(rows)) < 1e-5)
    }
  }

  private func determinant(_ rows: [[Double]]) -> Double {
    guard let first = rows.first else { return 1 }
    return first.indices.reduce(0) { sum, column in
      let minor = rows.dropFirst().map { row in
        row.indices.filter { $0 != column }.map { row[$0] }
      }
      return sum + (column % 2 == 0 ? 1 : -1) * first[column] * determinant(minor)
    }
  }

  /// A mask of its own values, one row of which forbids everything: that row is 0, not NaN.
  @Test func aQueryThatSeesNothingGivesZero() throws {
    var fixture = PlanFixture()
    let q = fixture.input("q", [1, 2, 3, 4])
    let k = fixture.input("k", [1, 1, 5, 4])
    let mask = fixture.input("mask", [3, 5])
    let y = fixture.node(
      "Attention", [q, k, k, mask], ["is_causal": .int(1)], opset: 24)
    fixture.output(y)
    let limit = -Float.infinity
    let forbidden = [limit, 0, 0, 0, 0, 0, limit, 0, 0, 0, 0, 1, -1, 0, 0]
    let (queries, keys) = (fixture.noise([1, 2, 3, 4]), fixture.noise([1, 1, 5, 4]))
    fixture.set("q", queries)
    fixture.set("k", keys)
    fixture.set("mask", reals(forbidden, shape: [3, 5]))
    let values = try fixture.run().outputs[0].values
    for row in 0..<6 {
      let scores = (0..<5).map { key -> Double in
        guard key <= row % 3 else { return -.infinity }
        let products = (0..<4).map { queries.floats[row * 4 + $0] * keys.floats[key * 4 + $0] }
        return Double(products.reduce(0, +)) / 2 + Double(forbidden[row % 3 * 5 + key])
      }
      let weights = scores.map { exp($0) }
      let total = weights.reduce(0, +)
      for place in 0..<4 {
        let sum = (0..<5).reduce(0.0) { $0 + weights[$1] * Double(keys.floats[$1 * 4 + place]) }
        let expected = total == 0 ? 0 : sum / total
        #expect(abs(Double(values[row * 4 + place]) - expected) < 1e-5)
      }
    }
  }

  private func run(
    _ op: String, _ x: Tensor, _ attributes: [String: Attribute] = [:], opset: Int = 17,
    _ parameters: [Tensor] = []
  ) throws -> [Float] {
    var fixture = PlanFixture()
    let operands = [fixture.input("x", x.shape)] + parameters.map { fixture.constant($0) }
    fixture.output(fixture.node(op, operands, attributes, opset: opset))
    fixture.set("x", x)
    return try fixture.run().outputs[0].values
  }

  private func reals(_ values: [Float], shape: [Int]) -> Tensor { Tensor(values, shape: shape) }
}
