import Testing

@testable import EdgeConvert

/// Axis orders against naive permutations of small tensors.
@Suite struct PlanOrderTests {
  static func dims(_ sizes: [Int]) -> [Dimension] { sizes.map { Dimension($0) } }

  static func counting(_ shape: [Int]) -> Tensor {
    Tensor((0..<shape.reduce(1, *)).map { Int64($0) }, shape: shape)
  }

  /// Shape, stored order, new shape, and whether a transpose is needed.
  static let reshapes: [([Int], [Int], [Int], Bool)] = [
    ([1, 8, 6, 5], [0, 2, 3, 1], [1, 2, 4, 6, 5], false),
    ([1, 4, 2, 6, 5], [0, 3, 4, 2, 1], [1, 8, 6, 5], true),
    ([1, 4, 2, 6, 5], [0, 3, 4, 1, 2], [1, 8, 6, 5], false),
    ([2, 7, 1, 1], [0, 2, 3, 1], [2, 7], false),
    ([2, 7, 3, 2], [0, 2, 3, 1], [2, 42], true),
    ([1, 48, 4, 4], [0, 2, 3, 1], [24, 2, 16], false),
    ([2, 24, 16], [2, 1, 0], [2, 1, 24, 4, 4], false),
    ([1, 6, 3, 4], [0, 2, 3, 1], [1, 6, 12], false),
    ([6, 4], [1, 0], [2, 3, 4], false),
    ([6, 4], [1, 0], [4, 6], true),
    ([2, 3, 4], [0, 1, 2], [24], false),
    ([1, 1, 5], [2, 0, 1], [5], false),
  ]

  @Test(arguments: reshapes) func reshapeKeepsTheElements(
    shape: [Int], order: [Int], target: [Int], needsTranspose: Bool
  ) {
    let value = Self.counting(shape)
    let solved = AxisOrder.reshape(
      Self.dims(shape), order: order, to: Self.dims(target), bounds: [:])
    #expect(AxisOrder.equivalent(order, solved.input, Self.dims(shape)) == !needsTranspose)
    #expect(solved.input.sorted() == Array(shape.indices))
    let stored = value.permuted(solved.input).integers
    var expected = value
    expected.shape = target
    #expect(expected.permuted(solved.output).integers == stored)
  }

  /// Heads joined behind their rows, as after attention: rows of a head move whole.
  @Test func theInnermostAxisStaysWhereItCan() {
    let solved = AxisOrder.reshape(
      Self.dims([3, 4, 5]), order: [1, 0, 2], to: Self.dims([3, 20]), bounds: [:])
    #expect(solved.input == [0, 1, 2])
    #expect(solved.output == [0, 1])
  }

  @Test func symbolicSizesAreMatched() {
    let n = Dimension(symbol: "N")
    let shape = [n, Dimension(8), Dimension(3), Dimension(2)]
    let solved = AxisOrder.reshape(
      shape, order: [0, 2, 3, 1], to: [n, Dimension(2), Dimension(4), Dimension(6)],
      bounds: ["N": 5])
    #expect(AxisOrder.equivalent(solved.input, [0, 2, 3, 1], shape))
    #expect(solved.output == [0, 3, 1, 2])
  }

  @Test(arguments: [
    ([2, 3, 4, 5], [0, 1, 2, 3], [0, 2, 3, 1]), ([2, 3, 4, 5], [0, 2, 3, 1], [3, 1, 0, 2]),
    ([1, 3, 1, 5], [0, 1, 2, 3], [3, 2, 1, 0]), ([2, 2, 2, 2], [3, 2, 1, 0], [0, 1, 2, 3]),
  ])
  func movementPermutesMergedAxes(shape: [Int], from: [Int], to: [Int]) {
    let value = Self.counting(shape)
    let movement = AxisOrder.movement(from: from, to: to, Self.dims(shape))
    var source = value.permuted(from)
    source.shape = movement.source.compactMap(\.constant)
    #expect(source.permuted(movement.permutation).integers == value.permuted(to).integers)
  }
}
