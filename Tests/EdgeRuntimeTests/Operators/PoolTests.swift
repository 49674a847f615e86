import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `max_pool` and `average_pool` against windows walked tap by tap; exact, in float too.
@Suite struct PoolTests {
  struct Case: CustomStringConvertible {
    var parameters = PoolParameters()
    var x: [Int]
    var y: [Int]

    init(_ random: inout SeededRandom, isLarge: Bool) {
      let most = isLarge ? 24 : 8
      x = [random.int(1...2), random.int(1...most), random.int(1...most), random.int(1...40)]
      if isLarge { x[1] = 24 }
      parameters.kernelHeight = Int32(random.int(1...4))
      parameters.kernelWidth = Int32(random.int(1...4))
      parameters.strideHeight = Int32(random.int(1...3))
      parameters.strideWidth = Int32(random.int(1...3))
      parameters.dilationHeight = Int32(random.chance(4) ? 2 : 1)
      parameters.dilationWidth = Int32(random.chance(4) ? 2 : 1)
      parameters.padTop = Int32(random.int(0...1))
      parameters.padLeft = Int32(random.int(0...1))
      let rows = (Int(parameters.kernelHeight) - 1) * Int(parameters.dilationHeight) + 1
      let columns = (Int(parameters.kernelWidth) - 1) * Int(parameters.dilationWidth) + 1
      parameters.padBottom = Int32(max(random.int(0...1), rows - x[1] - Int(parameters.padTop)))
      parameters.padRight = Int32(max(random.int(0...1), columns - x[2] - Int(parameters.padLeft)))
      parameters.countIncludePad = random.chance(3) ? 1 : 0
      let height = x[1] + Int(parameters.padTop + parameters.padBottom) - rows
      let width = x[2] + Int(parameters.padLeft + parameters.padRight) - columns
      y = [
        x[0], height / Int(parameters.strideHeight) + 1, width / Int(parameters.strideWidth) + 1,
        x[3],
      ]
    }

    var description: String { "x \(x) y \(y) \(parameters)" }

    /// Offsets of the taps inside x, in order.
    func taps(_ index: [Int]) -> [Int] {
      var result: [Int] = []
      for ky in 0..<Int(parameters.kernelHeight) {
        for kx in 0..<Int(parameters.kernelWidth) {
          let row =
            index[1] * Int(parameters.strideHeight) + ky * Int(parameters.dilationHeight)
            - Int(parameters.padTop)
          let column =
            index[2] * Int(parameters.strideWidth) + kx * Int(parameters.dilationWidth)
            - Int(parameters.padLeft)
          if row >= 0, row < x[1], column >= 0, column < x[2] {
            result.append(((index[0] * x[1] + row) * x[2] + column) * x[3] + index[3])
          }
        }
      }
      return result
    }

    /// What an average over some taps divides by.
    func divisor(_ taps: [Int]) -> Float {
      parameters.countIncludePad != 0
        ? Float(parameters.kernelHeight * parameters.kernelWidth) : Float(taps.count)
    }
  }

  @Test(arguments: 0..<30) func int8(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = Case(&random, isLarge: seed < 2)
    let x = random.int8(test.x.reduce(1, *))
    let windows = indices(test.y).map(test.taps)
    let max = SingleNode(
      .maxPool, [.int8(x, test.x, scale: 0.5, zeroPoint: 3)],
      Operand(.int8, test.y, scale: 0.5, zeroPoint: 3), test.parameters)
    try expect(
      max, bytes(of: windows.map { $0.map { x[$0] }.max() ?? -128 }), "seed \(seed): \(test)")
    let average = SingleNode(
      .averagePool, [.int8(x, test.x, scale: 0.5, zeroPoint: 3)],
      Operand(.int8, test.y, scale: 0.3, zeroPoint: -20), test.parameters)
    let ratio: Float = 0.5 / 0.3
    let means = windows.map { taps -> Int8 in
      let sum = taps.reduce(0) { $0 + Int(x[$1]) - 3 }
      // The mean of a window that is all padding is NaN, which the clamp before rounding takes to
      // its lower end.
      if taps.isEmpty, test.parameters.countIncludePad == 0 { return -128 }
      return requantize(Float(sum) * (ratio / test.divisor(taps)), zeroPoint: -20)
    }
    try expect(average, bytes(of: means), "seed \(seed): \(test)")
  }

  @Test(arguments: 0..<30) func float(seed: Int) throws {
    var random = SeededRandom(100 + seed)
    let test = Case(&random, isLarge: seed < 2)
    let x = random.reals(test.x.reduce(1, *))
    let windows = indices(test.y).map(test.taps)
    let max = SingleNode(
      .maxPool, [.float(x, test.x)], Operand(.float32, test.y), test.parameters)
    try expect(
      max, bytes(of: windows.map { $0.map { x[$0] }.max() ?? -.infinity }), "seed \(seed): \(test)")
    let average = SingleNode(
      .averagePool, [.float(x, test.x)], Operand(.float32, test.y), test.parameters)
    let means = windows.map { taps -> Float in
      let mean = taps.reduce(Float(0)) { $0 + x[$1] } / test.divisor(taps)
      return mean.isNaN ? Float(bitPattern: 0x7fc0_0000) : mean
    }
    try expect(average, bytes(of: means), "seed \(seed): \(test)")
  }

  private func expect(_ node: SingleNode, _ expected: [UInt8], _ note: String) throws {
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "\(note)")
    #expect(result.y == expected, "\(note)")
  }
}
