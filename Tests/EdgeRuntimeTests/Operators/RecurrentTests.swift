import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Foundation
import Testing

@testable import EdgeRuntime

/// `lstm`, `gru`, `rnn` against ONNX's formulas in double precision.
@Suite struct RecurrentTests {
  /// One recurrence with random weights and data.
  private struct Case {
    var opCode: OpCode
    var gates: Int
    var steps: Int
    var sequences: Int
    var directions: Int
    var hidden: Int
    var parameters: RecurrentParameters
    var x: [Float] = []
    /// Of the rows when they are INT8; `weights` are then whole multiples.
    var scales: [Float]?
    var weights: [Float] = []
    var biases: [Float] = []
    var lengths: [Int32]?
    var h: [Float]?
    var c: [Float]?
    var peepholes: [Float]?
  }

  private func makeCase(_ random: inout SeededRandom) -> Case {
    let (opCode, gates): (OpCode, Int) =
      [(.lstm, 4), (.gru, 3), (.rnn, 1)][random.int(0...2)]
    var parameters = RecurrentParameters(activation: function(EDGE_UNARY_TANH))
    parameters.activations.0 = function(EDGE_UNARY_SIGMOID)
    parameters.activations.3 = function(EDGE_UNARY_HARD_SIGMOID, 0.25, 0.5)
    parameters.reversed = Int32(random.int(0...3))
    parameters.linearBeforeReset = random.chance() ? 1 : 0
    parameters.inputForget = random.chance(4) ? 1 : 0
    if random.chance() { parameters.clip = 0.75 }
    var test = Case(
      opCode: opCode, gates: gates, steps: random.int(1...5),
      sequences: random.chance(4) ? random.int(49...100) : random.int(1...4),
      directions: random.int(1...2), hidden: random.int(1...35), parameters: parameters)
    let (d, n, width) = (test.directions, test.sequences, test.hidden)
    test.x = random.reals(test.steps * n * d * gates * width, in: -1...1)
    test.weights = random.reals(d * gates * width * width, in: -0.3...0.3)
    test.biases = random.reals(d * gates * width, in: -0.3...0.3)
    if random.chance() { quantizeWeights(&test) }
    if random.chance() { test.lengths = (0..<n).map { _ in Int32(random.int(-1...6)) } }
    if random.chance() { test.h = random.reals(d * n * width, in: -1...1) }
    if opCode == .lstm, random.chance() { test.c = random.reals(d * n * width, in: -1...1) }
    if opCode == .lstm, random.chance() { test.peepholes = random.reals(d * 3 * width, in: -1...1) }
    return test
  }

  private func quantizeWeights(_ test: inout Case) {
    var scales: [Float] = []
    for start in stride(from: 0, to: test.weights.count, by: test.hidden) {
      let row = start..<(start + test.hidden)
      let scale = (test.weights[row].map(abs).max() ?? 0) / 127
      for position in row {
        test.weights[position] = (test.weights[position] / scale).rounded() * scale
      }
      scales.append(scale)
    }
    test.scales = scales
  }

  private func function(_ kind: Int, _ alpha: Float = 0, _ beta: Float = 0) -> UnaryParameters {
    var function = UnaryParameters()
    (function.kind, function.alpha, function.beta) = (Int32(kind), alpha, beta)
    return function
  }

  private func node(_ test: Case) -> SingleNode {
    let (t, n, d, width) = (test.steps, test.sequences, test.directions, test.hidden)
    func packed(_ values: [Float], _ columns: Int) -> Operand {
      let blocks = (width + 15) / 16
      var result = [Float](repeating: 0, count: d * test.gates * blocks * columns * 16)
      for row in 0..<(d * test.gates * width) {
        for column in 0..<columns {
          let block = row / width * blocks + row % width / 16
          result[(block * columns + column) * 16 + row % width % 16] =
            values[row * columns + column]
        }
      }
      return Operand.float(result, [result.count]).constant
    }
    func packedCodes(_ scales: [Float]) -> Operand {
      let blocks = (width + 15) / 16, quads = (width + 3) / 4
      var result = [Int8](repeating: 0, count: d * test.gates * blocks * quads * 64)
      for row in scales.indices {
        let block = row / width * blocks + row % width / 16
        for column in 0..<width {
          let place = ((block * quads + column / 4) * 16 + row % width % 16) * 4 + column % 4
          result[place] = Int8((test.weights[row * width + column] / scales[row]).rounded())
        }
      }
      return Operand.int8(result, [result.count]).constant
    }
    let state = [d, n, width]
    var node = SingleNode(
      test.opCode,
      [
        .float(test.x, [t, n, d, test.gates * width]),
        test.scales.map(packedCodes) ?? packed(test.weights, width),
        packed(test.biases, 1), test.lengths.map { .int32($0, [n]) },
        test.h.map { .float($0, state) }, test.c.map { .float($0, state) },
        test.peepholes.map { Operand.float($0, [d, 3, width]).constant },
      ] + (test.scales.map { [packed($0, 1)] } ?? []), Operand(.float32, [t, n, d, width]),
      test.parameters)
    node.moreOutputs = Array(
      repeating: Operand(.float32, state), count: test.opCode == .lstm ? 2 : 1)
    return node
  }

  /// y, h and c behind each other.
  private func expected(_ test: Case) -> [Double] {
    let (t, n, d, width) = (test.steps, test.sequences, test.directions, test.hidden)
    var y = [Double](repeating: 0, count: t * n * d * width)
    var (last, cells): ([Double], [Double]) = ([], [])
    for direction in 0..<d {
      for sequence in 0..<n {
        let start = (direction * n + sequence) * width
        var h = (0..<width).map { Double(test.h?[start + $0] ?? 0) }
        var c = (0..<width).map { Double(test.c?[start + $0] ?? 0) }
        let length = test.lengths.map { max(0, min(t, Int($0[sequence]))) } ?? t
        for index in 0..<length {
          let isReversed = test.parameters.reversed >> Int32(direction) & 1 == 1
          let row = ((isReversed ? length - 1 - index : index) * n + sequence) * d + direction
          advance(test, direction, row, &h, &c)
          for unit in 0..<width { y[row * width + unit] = h[unit] }
        }
        last += h
        cells += c
      }
    }
    return y + last + (test.opCode == .lstm ? cells : [])
  }

  private func advance(
    _ test: Case, _ direction: Int, _ row: Int, _ h: inout [Double], _ c: inout [Double]
  ) {
    let width = test.hidden
    func x(_ gate: Int, _ unit: Int) -> Double {
      Double(test.x[(row * test.gates + gate) * width + unit])
    }
    func product(_ gate: Int, _ unit: Int, _ state: [Double]) -> Double {
      let row = (direction * test.gates + gate) * width + unit
      return (0..<width).reduce(Double(test.biases[row])) {
        $0 + Double(test.weights[row * width + $1]) * state[$1]
      }
    }
    func peep(_ gate: Int, _ unit: Int) -> Double {
      Double(test.peepholes?[(direction * 3 + gate) * width + unit] ?? 0)
    }
    func activated(_ place: Int, _ value: Double) -> Double {
      let clip = place == 2 ? .infinity : Double(test.parameters.clip)
      let x = min(max(value, -clip), clip)
      switch Int(test.parameters.activation(direction * 3 + place).kind) {
      case EDGE_UNARY_SIGMOID: return 1 / (1 + exp(-x))
      case EDGE_UNARY_HARD_SIGMOID: return min(max(0.25 * x + 0.5, 0), 1)
      default: return tanh(x)
      }
    }
    let before = h
    let units = 0..<width
    switch test.opCode {
    case .lstm:
      for i in units {
        let input = activated(0, x(0, i) + product(0, i, before) + peep(0, i) * c[i])
        let forget =
          test.parameters.inputForget == 1
          ? 1 - input : activated(0, x(2, i) + product(2, i, before) + peep(2, i) * c[i])
        c[i] = forget * c[i] + input * activated(1, x(3, i) + product(3, i, before))
        h[i] =
          activated(0, x(1, i) + product(1, i, before) + peep(1, i) * c[i]) * activated(2, c[i])
      }
    case .gru:
      let reset = units.map { activated(0, x(1, $0) + product(1, $0, before)) }
      for i in units {
        let update = activated(0, x(0, i) + product(0, i, before))
        let inner =
          test.parameters.linearBeforeReset == 1
          ? reset[i] * product(2, i, before)
          : product(2, i, zip(reset, before).map { $0 * $1 })
        h[i] = (1 - update) * activated(1, x(2, i) + inner) + update * before[i]
      }
    default: for i in units { h[i] = activated(0, x(0, i) + product(0, i, before)) }
    }
  }

  @Test(arguments: 0..<80) func cellsFollowTheirFormulas(seed: Int) throws {
    var random = SeededRandom(seed)
    let test = makeCase(&random)
    let result = try node(test).runEverywhere()
    #expect(result.disagreement == nil)
    let y = elements(result.y, as: Float.self)
    let expected = expected(test)
    #expect(y.count == expected.count)
    let worst = zip(y, expected).map { abs(Double($0) - $1) }.max() ?? 0
    // A few roundings of sums below 16, over at most five steps; with INT8 weights also those of 35
    // states, each by half of 1/16256 at most, times weights below 0.3.
    let bound = test.scales == nil ? 2e-5 : 2e-3
    #expect(worst < bound, "seed \(seed): worst \(worst) of \(test.opCode)")
  }
}
