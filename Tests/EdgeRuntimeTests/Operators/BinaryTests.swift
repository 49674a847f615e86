import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Foundation
import Testing

@testable import EdgeRuntime

/// `binary` against one element at a time, over random broadcasts.
@Suite struct BinaryTests {
  /// Shapes of two operands and their result.
  struct Shapes {
    var a: [Int]
    var b: [Int]
    var y: [Int]

    init(_ random: inout SeededRandom, isLarge: Bool) {
      let shape = isLarge ? [3, 84, 131] : random.shape(rank: random.int(0...5), most: 5)
      var left = shape, right = shape
      for axis in shape.indices where random.chance(3) {
        if random.chance() { left[axis] = 1 } else { right[axis] = 1 }
      }
      if random.chance(4) { right = Array(right.drop { $0 == 1 || random.chance() }) }
      let full = [Int](repeating: 1, count: shape.count - right.count) + right
      a = left
      b = right
      y = zip(left, full).map { max($0, $1) }
    }

    /// Which element of an operand meets which of the other.
    func pairs() -> [(Int, Int)] {
      indices(y).map { index in (position(index, a), position(index, b)) }
    }

    private func position(_ index: [Int], _ dims: [Int]) -> Int {
      offset(zip(index.suffix(dims.count), dims).map { $1 == 1 ? 0 : $0 }, dims)
    }
  }

  private func parameters(_ kind: Int) -> BinaryParameters {
    var parameters = BinaryParameters()
    parameters.kind = Int32(kind)
    return parameters
  }

  @Test(arguments: 0..<54) func float(seed: Int) throws {
    var random = SeededRandom(seed)
    let shapes = Shapes(&random, isLarge: seed < 2)
    let kind = EDGE_BINARY_ADD + seed % 9
    let a = random.floats(shapes.a.reduce(1, *)), b = random.floats(shapes.b.reduce(1, *))
    let node = SingleNode(
      .binary, [.float(a, shapes.a), .float(b, shapes.b)], Operand(.float32, shapes.y),
      parameters(kind))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(shapes)")
    for (value, (i, j)) in zip(elements(result.y, as: Float.self), shapes.pairs()) {
      let wanted = expected(kind, a[i], b[j])
      if kind == EDGE_BINARY_POW {
        // The kernels' own pow: within 8 units in the last place, here (docs/numerics.md).
        let bound = 8 * max(wanted.ulp, .leastNormalMagnitude)
        #expect(
          value == wanted || (value.isNaN && wanted.isNaN) || abs(value - wanted) <= bound,
          "seed \(seed): pow(\(a[i]), \(b[j])) = \(value), not \(wanted)")
      } else {
        #expect(value == wanted || (value.isNaN && wanted.isNaN), "seed \(seed): \(shapes)")
      }
    }
  }

  private func expected(_ kind: Int, _ a: Float, _ b: Float) -> Float {
    switch kind {
    case EDGE_BINARY_ADD: a + b
    case EDGE_BINARY_SUB: a - b
    case EDGE_BINARY_MUL: a * b
    case EDGE_BINARY_DIV: a / b
    case EDGE_BINARY_MIN: min(a, b)
    case EDGE_BINARY_MAX: max(a, b)
    case EDGE_BINARY_MOD: floorMod(a, b)
    case EDGE_BINARY_FMOD: fmod(a, b)
    default: Float(pow(Double(a), Double(b)))
    }
  }

  @Test(arguments: 0..<30) func int8(seed: Int) throws {
    var random = SeededRandom(seed)
    let shapes = Shapes(&random, isLarge: seed < 3)
    let kind = EDGE_BINARY_ADD + seed % 3
    let a = random.int8(shapes.a.reduce(1, *)), b = random.int8(shapes.b.reduce(1, *))
    var parameters = parameters(kind)
    parameters.aMultiplier = kind == EDGE_BINARY_MUL ? 0.0078125 : 0.375
    parameters.bMultiplier = kind == EDGE_BINARY_SUB ? -0.4321 : 0.4321
    parameters.low = -90
    parameters.high = 100
    let node = SingleNode(
      .binary, [.int8(a, shapes.a, zeroPoint: 4), .int8(b, shapes.b, zeroPoint: -9)],
      Operand(.int8, shapes.y, scale: 1, zeroPoint: 11), parameters)
    let expected = shapes.pairs().map { i, j -> Int8 in
      let left = Int32(a[i]) - 4, right = Int32(b[j]) + 9
      let value =
        kind == EDGE_BINARY_MUL
        ? Float(left * right) * parameters.aMultiplier
        : Float(left) * parameters.aMultiplier + Float(right) * parameters.bMultiplier
      return requantize(value, zeroPoint: 11, low: -90, high: 100)
    }
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed): \(shapes)")
    #expect(elements(result.y) == expected, "seed \(seed): \(shapes)")
  }

  private func floorMod(_ a: Float, _ b: Float) -> Float {
    let rest = fmod(a, b)
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// Exact over the whole range of floats, subnormal ones and quotients of 2^250 too.
  @Test(arguments: 0..<8) func remainders(seed: Int) throws {
    var random = SeededRandom(seed)
    func any() -> Float {
      random.chance(8)
        ? [0, -0.0, .infinity, -.infinity, .nan, 1, 0x1p-149, -0x1p127][random.int(0...7)]
        : Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
    }
    let a = (0..<2000).map { _ in any() }, b = (0..<2000).map { _ in any() }
    for kind in [EDGE_BINARY_MOD, EDGE_BINARY_FMOD] {
      let node = SingleNode(
        .binary, [.float(a, [2000]), .float(b, [2000])], Operand(.float32, [2000]),
        parameters(kind))
      let result = try node.runEverywhere()
      #expect(result.disagreement == nil)
      for (value, (x, y)) in zip(elements(result.y, as: Float.self), zip(a, b)) {
        let wanted = expected(kind, x, y)
        #expect(
          value == wanted || (value.isNaN && wanted.isNaN),
          "\(x) mod \(y) = \(value), not \(wanted)")
      }
    }
  }

  @Test(arguments: 0..<14) func integers(seed: Int) throws {
    try check(Int64.self, .int64, kind: EDGE_BINARY_ADD + seed, seed)
    try check(Int32.self, .int32, kind: EDGE_BINARY_ADD + seed, seed)
    try check(Int16.self, .int16, kind: EDGE_BINARY_ADD + seed, seed)
    try check(Int8.self, .int8, kind: EDGE_BINARY_ADD + seed, seed)
    try check(UInt8.self, .uint8, kind: EDGE_BINARY_ADD + seed, seed)
  }

  private func check<T: FixedWidthInteger & BitwiseCopyable>(
    _: T.Type, _ type: ElementType, kind: Int, _ seed: Int
  ) throws {
    var random = SeededRandom(seed)
    let special: [Int64] = [0, -1, 1, .min, .max, Int64(Int32.min), 7, -3, 2, 15, 31, 63, 8, 100]
    for isLarge in [false, false, false, true] {
      let shapes = Shapes(&random, isLarge: isLarge)
      func values(_ shape: [Int]) -> [T] {
        (0..<shape.reduce(1, *)).map { _ in
          T(
            truncatingIfNeeded: random.chance()
              ? special[random.int(0...13)] : Int64(random.int(-130...130)))
        }
      }
      let a = values(shapes.a), b = values(shapes.b)
      let node = SingleNode(
        .binary,
        [
          Operand(type, shapes.a, bytes: bytes(of: a)),
          Operand(type, shapes.b, bytes: bytes(of: b)),
        ], Operand(type, shapes.y), parameters(kind))
      let expected = shapes.pairs().map { integer(kind, a[$0], b[$1]) }
      #expect(
        try elements(node.runEverywhere().y, as: T.self) == expected,
        "\(type), kind \(kind): \(shapes)")
    }
  }

  private func integer<T: FixedWidthInteger>(_ kind: Int, _ a: T, _ b: T) -> T {
    switch kind {
    case EDGE_BINARY_ADD: a &+ b
    case EDGE_BINARY_SUB: a &- b
    case EDGE_BINARY_MUL: a &* b
    case EDGE_BINARY_DIV: b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
    case EDGE_BINARY_MIN: min(a, b)
    case EDGE_BINARY_MAX: max(a, b)
    case EDGE_BINARY_POW: power(a, b)
    case EDGE_BINARY_MOD: remainder(a, b, floored: true)
    case EDGE_BINARY_FMOD: remainder(a, b, floored: false)
    case EDGE_BINARY_AND: a & b
    case EDGE_BINARY_OR: a | b
    case EDGE_BINARY_XOR: a ^ b
    case EDGE_BINARY_SHIFT_LEFT: b < 0 || b >= T.bitWidth ? 0 : a << b
    default: a >> (b < 0 || b >= T.bitWidth ? T(T.bitWidth) : b)
    }
  }

  private func remainder<T: FixedWidthInteger>(_ a: T, _ b: T, floored: Bool) -> T {
    if b == 0 { return 0 }
    let rest = a.remainderReportingOverflow(dividingBy: b).partialValue
    return floored && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
  }

  /// By as many multiplications as the exponent says, all that can change anything.
  private func power<T: FixedWidthInteger>(_ base: T, _ exponent: T) -> T {
    if exponent < 0 {
      if base == 1 { return 1 }
      return base == 0 || base.magnitude != 1 ? 0 : (exponent & 1 == 0 ? 1 : base)
    }
    var result: T = 1, square = base, rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result = result &* square }
      square = square &* square
      rest >>= 1
    }
    return result
  }

  @Test func resultMayLieOnTheLeftOperand() throws {
    var plan = PlanBuilder()
    let a = plan.tensor(.float32, [2, 3]), b = plan.tensor(.float32, [3])
    let y = plan.tensor(.float32, [2, 3])
    plan.alias(y, to: a)
    plan.node(.binary, inputs: [a, b], outputs: [y], parameters: parameters(EDGE_BINARY_ADD))
    plan.setInputs([a, b])
    plan.setOutputs([y])
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: [1, 2, 3, 4, 5, 6] as [Float]))
    try model.setInput(1, bytes: bytes(of: [10, 20, 30] as [Float]))
    try model.run()
    #expect(elements(model.output()) == [11, 22, 33, 14, 25, 36] as [Float])
  }
}
