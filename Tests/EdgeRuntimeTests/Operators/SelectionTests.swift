import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `compare`, `select` and `cumulative` against one element at a time.
@Suite struct SelectionTests {
  private static let shapes: [([Int], [Int], [Int])] = [
    ([], [], []), ([5], [], [5]), ([2, 3, 1], [1, 70], [2, 3, 70]),
    ([1, 4, 1], [3, 1, 2], [3, 4, 2]),
    ([200, 131], [131], [200, 131]), ([0, 3], [1, 3], [0, 3]),
  ]

  /// Positions in an operand of the elements of a result.
  private func positions(_ dims: [Int], in result: [Int]) -> [Int] {
    indices(result).map { index in
      offset(zip(index.suffix(dims.count), dims).map { $1 == 1 ? 0 : $0 }, dims)
    }
  }

  @Test(arguments: 1...4) func comparisons(kind: Int) throws {
    var random = SeededRandom(kind)
    var parameters = CompareParameters()
    parameters.kind = Int32(kind)
    let special: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, 1, -1, 0x1p-149]
    for (a, b, y) in SelectionTests.shapes {
      let x = (0..<a.reduce(1, *)).map { _ in special[random.int(0...7)] }
      let z = (0..<b.reduce(1, *)).map { _ in special[random.int(0...7)] }
      let pairs = Array(zip(positions(a, in: y), positions(b, in: y)))
      let floats = SingleNode(
        .compare, [.float(x, a), .float(z, b)], Operand(.bool, y), parameters)
      let result = try floats.runEverywhere()
      #expect(result.disagreement == nil)
      #expect(result.y == pairs.map { holds(kind, x[$0], z[$1]) ? 1 : 0 }, "\(a) \(b)")
      for type in [ElementType.int8, .uint8, .int16, .int32, .int64, .bool] {
        func values(_ count: Int) -> [Int64] {
          (0..<count).map { _ in
            let value = Int64(random.int(-2...2))
            return type == .bool ? value & 1 : type == .uint8 ? value & 255 : value
          }
        }
        let left = values(x.count), right = values(z.count)
        let node = SingleNode(
          .compare, [operand(left, type, a), operand(right, type, b)], Operand(.bool, y), parameters
        )
        let expected = pairs.map { holds(kind, left[$0], right[$1]) ? 1 : 0 as UInt8 }
        #expect(try node.runEverywhere().y == expected, "\(type) \(a) \(b)")
      }
    }
  }

  private func holds<T: Comparable>(_ kind: Int, _ a: T, _ b: T) -> Bool {
    switch kind {
    case EDGE_COMPARE_EQUAL: a == b
    case EDGE_COMPARE_NOT_EQUAL: a != b
    case EDGE_COMPARE_LESS: a < b
    default: a <= b
    }
  }

  private func operand(_ values: [Int64], _ type: ElementType, _ dims: [Int]) -> Operand {
    Operand(type, dims, bytes: encoded(values, type))
  }

  private func encoded(_ values: [Int64], _ type: ElementType) -> [UInt8] {
    values.flatMap { value in bytes(of: [value]).prefix(type.byteCount) }
  }

  @Test(arguments: [ElementType.int8, .float16, .float32, .int64])
  func selections(type: ElementType) throws {
    var random = SeededRandom(type.byteCount)
    for (a, b, y) in SelectionTests.shapes {
      for condition in [a, b, y] {
        let mask = (0..<condition.reduce(1, *)).map { _ in UInt8(random.int(0...2)) }
        let x = (0..<a.reduce(1, *)).map { _ in Int64(random.int(0...100)) }
        let z = (0..<b.reduce(1, *)).map { _ in Int64(random.int(0...100)) }
        let node = SingleNode(
          .select,
          [Operand(.bool, condition, bytes: mask), operand(x, type, a), operand(z, type, b)],
          Operand(type, y))
        let result = try node.runEverywhere()
        #expect(result.disagreement == nil)
        let places = zip(
          positions(condition, in: y), zip(positions(a, in: y), positions(b, in: y)))
        let expected = places.map { mask[$0] != 0 ? x[$1.0] : z[$1.1] }
        #expect(result.y == encoded(expected, type), "\(condition) \(a) \(b)")
      }
    }
  }

  @Test(arguments: [EDGE_BINARY_ADD, EDGE_BINARY_MUL], 0..<4)
  func cumulations(kind: Int, form: Int) throws {
    var random = SeededRandom(form)
    for dims in [[7], [3, 5], [2, 3, 4], [1, 1], [0, 2], [2, 0, 2]] {
      for axis in dims.indices {
        var parameters = CumulativeParameters()
        parameters.kind = Int32(kind)
        parameters.axis = Int32(axis)
        parameters.exclusive = Int32(form & 1)
        parameters.reverse = Int32(form >> 1)
        let values = (0..<dims.reduce(1, *)).map { _ in Int64(random.int(-3...3)) }
        let expected = accumulated(values, dims, parameters)
        for type in [ElementType.int8, .uint8, .int16, .int32, .int64] {
          let node = SingleNode(
            .cumulative, [operand(values, type, dims)], Operand(type, dims), parameters)
          #expect(try node.runEverywhere().y == encoded(expected, type), "\(type) \(dims) \(axis)")
        }
        let floats = SingleNode(
          .cumulative, [.float(values.map { Float($0) }, dims)], Operand(.float32, dims), parameters
        )
        let result = try floats.runEverywhere()
        #expect(result.disagreement == nil)
        #expect(elements(result.y) == expected.map { Float($0) }, "\(dims) \(axis)")
      }
    }
  }

  private func accumulated(
    _ values: [Int64], _ dims: [Int], _ parameters: CumulativeParameters
  ) -> [Int64] {
    let axis = Int(parameters.axis)
    return indices(dims).map { index in
      var result: Int64 = parameters.kind == Int32(EDGE_BINARY_ADD) ? 0 : 1
      for other in 0..<dims[axis] {
        let before = parameters.reverse != 0 ? other > index[axis] : other < index[axis]
        guard before || (other == index[axis] && parameters.exclusive == 0) else { continue }
        var place = index
        place[axis] = other
        let value = values[offset(place, dims)]
        result = parameters.kind == Int32(EDGE_BINARY_ADD) ? result &+ value : result &* value
      }
      return result
    }
  }
}
