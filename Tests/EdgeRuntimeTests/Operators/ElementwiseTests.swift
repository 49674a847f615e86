import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Foundation
import Testing

@testable import EdgeRuntime

/// `unary`, `lookup`, `quantize`, `dequantize`, `softmax` against Foundation in double precision.
@Suite struct ElementwiseTests {
  private static let count = 40_001

  @Test(arguments: EDGE_UNARY_RELU...EDGE_UNARY_COS) func unary(kind: Int) throws {
    var random = SeededRandom(kind)
    var x = random.reals(ElementwiseTests.count, in: -9...9)
    x[0] = .nan
    x[1] = .infinity
    x[2] = -.infinity
    if kind == EDGE_UNARY_LOG || kind == EDGE_UNARY_SQRT {
      for i in 8..<x.count { x[i] = abs(x[i]) }
    }
    var parameters = UnaryParameters()
    parameters.kind = Int32(kind)
    parameters.alpha = kind == EDGE_UNARY_CLIP ? -1.5 : 0.25
    parameters.beta = kind == EDGE_UNARY_CLIP ? 2.5 : 0.5
    let node = SingleNode(
      .unary, [.float(x, [x.count])], Operand(.float32, [x.count]), parameters)
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil)
    let y = elements(result.y, as: Float.self)
    var worst = 0.0
    for (value, argument) in zip(y, x) {
      let wanted = exact(kind, Double(argument), parameters)
      if wanted.isNaN || wanted.isInfinite || value.isNaN || value.isInfinite {
        #expect(value == Float(wanted) || (value.isNaN && wanted.isNaN), "\(kind) of \(argument)")
      } else {
        worst = max(worst, abs(Double(value) - wanted) / max(1, abs(wanted)))
      }
    }
    // Kernel tests bound the functions in ULP; here it is the wiring that is in question.
    #expect(worst < 2e-6, "kind \(kind)")
  }

  private func exact(_ kind: Int, _ x: Double, _ parameters: UnaryParameters) -> Double {
    let alpha = Double(parameters.alpha), beta = Double(parameters.beta)
    let sigmoid = 1 / (1 + exp(-x))
    if x.isNaN { return x }
    switch kind {
    case EDGE_UNARY_RELU: return max(0, x)
    case EDGE_UNARY_LEAKY_RELU: return x < 0 ? alpha * x : x
    case EDGE_UNARY_CLIP: return min(max(x, alpha), beta)
    case EDGE_UNARY_SIGMOID: return sigmoid
    case EDGE_UNARY_HARD_SIGMOID: return min(max(alpha * x + beta, 0), 1)
    case EDGE_UNARY_HARD_SWISH: return x * min(max(x / 6 + 0.5, 0), 1)
    case EDGE_UNARY_TANH: return tanh(x)
    case EDGE_UNARY_EXP: return exp(x)
    case EDGE_UNARY_LOG: return log(x)
    case EDGE_UNARY_SQRT: return x < 0 ? .nan : x.squareRoot()
    case EDGE_UNARY_ABS: return abs(x)
    case EDGE_UNARY_NEG: return -x
    case EDGE_UNARY_RECIPROCAL: return 1 / x
    case EDGE_UNARY_ERF: return erf(x)
    case EDGE_UNARY_FLOOR: return floor(x)
    case EDGE_UNARY_CEIL: return ceil(x)
    case EDGE_UNARY_ROUND: return x.rounded(.toNearestOrEven)
    case EDGE_UNARY_SOFTPLUS: return x > 30 ? x : log1p(exp(x))
    case EDGE_UNARY_ELU: return x < 0 ? alpha * expm1(x) : x
    case EDGE_UNARY_SILU: return x * sigmoid
    case EDGE_UNARY_GELU: return 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
    case EDGE_UNARY_SIN: return sin(x)
    default: return cos(x)
    }
  }

  @Test func lookup() throws {
    var random = SeededRandom(1)
    let x = random.int8(ElementwiseTests.count), table = random.int8(256)
    let node = SingleNode(
      .lookup, [.int8(x, [x.count]), Operand.int8(table, [256]).constant],
      Operand(.int8, [x.count], scale: 1))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil)
    #expect(elements(result.y) == x.map { table[Int($0) + 128] })
  }

  @Test(arguments: 0..<6) func quantize(seed: Int) throws {
    var random = SeededRandom(seed)
    var x = random.floats(ElementwiseTests.count, in: -20_000...20_000)
    x.replaceSubrange(0..<5, with: [.nan, .infinity, -.infinity, 1e30, -0.0])
    let scale: Float = [1, 0.5, 0.037, 3, 1e-9, 1e9][seed]
    let zeroPoint = Int32(random.int(-128...127))
    let node = SingleNode(
      .quantize, [.float(x, [x.count])],
      Operand(.int8, [x.count], scale: scale, zeroPoint: zeroPoint))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed)")
    let inverse = 1 / scale
    let expected = x.map { value in
      value.isNaN ? Int8(zeroPoint) : requantize(value * inverse, zeroPoint: zeroPoint)
    }
    #expect(elements(result.y) == expected, "seed \(seed)")
  }

  @Test(arguments: 0..<3) func dequantize(seed: Int) throws {
    var random = SeededRandom(seed)
    let x = random.int8(ElementwiseTests.count)
    let node = SingleNode(
      .dequantize, [.int8(x, [x.count], scale: 0.037, zeroPoint: -11)],
      Operand(.float32, [x.count]))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed)")
    #expect(elements(result.y) == x.map { Float(Int32($0) + 11) * 0.037 }, "seed \(seed)")
  }

  @Test(arguments: [[7], [3, 1], [2, 5, 10], [300, 129], [0, 4]], [true, false])
  func normalize(dims: [Int], isCentred: Bool) throws {
    var random = SeededRandom(dims.count)
    let length = dims[dims.count - 1]
    let x = random.reals(dims.reduce(1, *), in: -2...4)
    let scale = random.reals(length, in: -2...2), shift = random.reals(length, in: -2...2)
    var parameters = NormalizeParameters()
    parameters.epsilon = 1e-3
    parameters.isCentred = isCentred ? 1 : 0
    let node = SingleNode(
      .normalize, [.float(x, dims), .float(scale, [length]), .float(shift, [length])],
      Operand(.float32, dims), parameters)
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "\(dims)")
    let y = elements(result.y, as: Float.self)
    for row in stride(from: 0, to: x.count, by: length) {
      let values = x[row..<row + length].map { Double($0) }
      let mean = isCentred ? values.reduce(0, +) / Double(length) : 0
      let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
      for (i, value) in values.enumerated() {
        let exact =
          (value - mean) / (square + 1e-3).squareRoot() * Double(scale[i]) + Double(shift[i])
        #expect(abs(Double(y[row + i]) - exact) <= 1e-5 * (1 + abs(exact)), "\(dims)")
      }
    }
  }

  @Test(arguments: [[7], [3, 1], [2, 5, 10], [300, 129], [0, 4]]) func softmax(dims: [Int]) throws {
    var random = SeededRandom(dims.count)
    let x = random.reals(dims.reduce(1, *), in: -20...20)
    let node = SingleNode(.softmax, [.float(x, dims)], Operand(.float32, dims))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "\(dims)")
    let y = elements(result.y, as: Float.self)
    let length = dims[dims.count - 1]
    for row in stride(from: 0, to: x.count, by: length) {
      let scores = x[row..<row + length].map { exp(Double($0)) }
      let sum = scores.reduce(0, +), most = Double(x[row..<row + length].max() ?? 0)
      for (position, (value, score)) in zip(y[row..<row + length], scores).enumerated() {
        // x - max is rounded, which moves its exp by that much, relatively; exp, the sum's tree and
        // the division add less than 24 roundings.
        let roundings = 24 + most - Double(x[row + position])
        #expect(abs(Double(value) - score / sum) <= roundings * 0x1p-24 * (score / sum), "\(dims)")
      }
    }
  }
}
