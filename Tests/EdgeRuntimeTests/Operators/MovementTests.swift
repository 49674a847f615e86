import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Types that movement must carry, whatever they mean.
private let types: [ElementType] = [.int8, .float16, .float32, .int64, .bool]

/// A tensor whose elements are all different (modulo their width).
private func counting(_ type: ElementType, _ dims: [Int]) -> Operand {
  let values = (0..<dims.reduce(1, *)).flatMap { index in
    bytes(of: UInt64(index) &* 0x0102_0305_0709_0B0D &+ UInt64(index >> 8))
      .prefix(type.byteCount)
  }
  return Operand(type, dims, bytes: values)
}

/// y gathered element by element; nil takes the fill.
private func moved(
  _ x: Operand, to dims: [Int], fill: [UInt8] = [], _ source: ([Int]) -> [Int]?
) -> [UInt8] {
  let size = x.type.byteCount
  return indices(dims).flatMap { index in
    guard let from = source(index) else { return fill }
    let start = offset(from, x.dims) * size
    return Array(x.bytes[start..<start + size])
  }
}

private func axes(_ values: [Int], rest: Int32 = 0) -> AxisValues {
  let all = values.map(Int32.init) + [Int32](repeating: rest, count: 8 - values.count)
  return (all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7])
}

/// Operators that only move elements, against moving them one by one.
@Suite struct MovementTests {
  private func expect(_ node: SingleNode, _ expected: [UInt8], _ note: String) throws {
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "\(note)")
    #expect(result.y == expected, "\(note)")
  }

  @Test(arguments: 0..<30) func transpose(seed: Int) throws {
    var random = SeededRandom(seed)
    let rank = random.int(0...6)
    let dims = seed < 2 ? [2, 160, 130] : random.shape(rank: rank, most: 5)
    let permutation = Array(dims.indices).shuffled(using: &random)
    var parameters = TransposeParameters()
    parameters.permutation = axes(permutation)
    let x = counting(types[seed % types.count], dims)
    let target = permutation.map { dims[$0] }
    let expected = moved(x, to: target) { index in
      dims.indices.map { axis in index[permutation.firstIndex(of: axis) ?? 0] }
    }
    let node = SingleNode(.transpose, [x], Operand(x.type, target), parameters)
    try expect(node, expected, "seed \(seed): \(dims) by \(permutation)")
  }

  @Test(arguments: 0..<30) func slice(seed: Int) throws {
    var random = SeededRandom(seed)
    let dims = seed < 2 ? [3, 100, 120] : random.shape(rank: random.int(1...5), most: 7)
    let steps = dims.map { _ in [1, 1, 2, 3, -1, -2][random.int(0...5)] }
    var starts: [Int] = []
    var target: [Int] = []
    for (size, step) in zip(dims, steps) {
      let start = seed < 2 ? (step > 0 ? 0 : size - 1) : random.int(0...(size - 1))
      let room = step > 0 ? size - 1 - start : start
      starts.append(random.chance(3) ? start - size : start)
      target.append(seed < 2 ? room / abs(step) + 1 : random.int(1...(room / abs(step) + 1)))
    }
    var parameters = SliceParameters()
    parameters.start = axes(starts)
    parameters.step = axes(steps, rest: 1)
    let x = counting(types[seed % types.count], dims)
    let expected = moved(x, to: target) { index in
      dims.indices.map { axis in
        let start = starts[axis] < 0 ? starts[axis] + dims[axis] : starts[axis]
        return start + index[axis] * steps[axis]
      }
    }
    let node = SingleNode(.slice, [x], Operand(x.type, target), parameters)
    try expect(node, expected, "seed \(seed): \(dims) from \(starts) by \(steps) to \(target)")
  }

  @Test(arguments: 0..<20) func broadcast(seed: Int) throws {
    var random = SeededRandom(seed)
    let target = seed < 2 ? [9, 61, 70] : random.shape(rank: random.int(1...5), most: 5)
    let rank = random.int(0...target.count)
    let dims = target.suffix(rank).map { random.chance() ? 1 : $0 }
    let x = counting(types[seed % types.count], dims)
    let expected = moved(x, to: target) { index in
      zip(index.suffix(rank), dims).map { $1 == 1 ? 0 : $0 }
    }
    let node = SingleNode(.broadcast, [x], Operand(x.type, target))
    try expect(node, expected, "seed \(seed): \(dims) to \(target)")
  }

  @Test(arguments: 0..<20) func concat(seed: Int) throws {
    var random = SeededRandom(seed)
    var dims = seed < 2 ? [40, 9, 130] : random.shape(rank: random.int(1...5), most: 5)
    let axis = random.int(0...(dims.count - 1))
    let type = types[seed % types.count]
    let sizes = (0..<random.int(1...5)).map { _ in random.int(0...4) }
    let inputs = sizes.map { size in
      var each = dims
      each[axis] = size
      return counting(type, each)
    }
    dims[axis] = sizes.reduce(0, +)
    let owners = sizes.enumerated().flatMap { input, size in (0..<size).map { (input, $0) } }
    let expected = indices(dims).flatMap { index -> [UInt8] in
      let (input, position) = owners[index[axis]]
      var from = index
      from[axis] = position
      let start = offset(from, inputs[input].dims) * type.byteCount
      return Array(inputs[input].bytes[start..<start + type.byteCount])
    }
    var parameters = ConcatParameters()
    parameters.axis = Int32(axis)
    let node = SingleNode(.concat, inputs, Operand(type, dims), parameters)
    try expect(node, expected, "seed \(seed): \(sizes) of \(dims) along \(axis)")
  }

  @Test(arguments: 0..<40) func pad(seed: Int) throws {
    var random = SeededRandom(seed)
    let dims = seed < 4 ? [2, 40, 50, 5] : random.shape(rank: random.int(1...5), most: 4)
    let mode = [PadMode.constant, .reflect, .edge, .wrap][seed % 4]
    let before = dims.map { _ in random.chance() ? 0 : random.int(0...5) }
    let target = zip(dims, before).map { $0 + $1 + (random.chance() ? 0 : random.int(0...5)) }
    let x = counting(types[(seed / 4) % types.count], dims)
    var parameters = PadParameters()
    parameters.mode = mode.rawValue
    parameters.before = axes(before)
    parameters.value = -3
    let fill = Array(bytes(of: Int64(-3)).prefix(x.type.byteCount))
    let expected = moved(x, to: target, fill: fill) { index in
      var from: [Int] = []
      for axis in dims.indices {
        guard let position = padded(index[axis] - before[axis], dims[axis], mode) else {
          return nil
        }
        from.append(position)
      }
      return from
    }
    let node = SingleNode(.pad, [x], Operand(x.type, target), parameters)
    try expect(node, expected, "seed \(seed): \(dims) \(mode) before \(before) to \(target)")
  }

  /// Walks from an index outside into the axis, one step at a time.
  private func padded(_ index: Int, _ size: Int, _ mode: PadMode) -> Int? {
    var index = index
    switch mode {
    case .constant: return index >= 0 && index < size ? index : nil
    case .edge: return min(max(index, 0), size - 1)
    case .wrap:
      while index < 0 { index += size }
      while index >= size { index -= size }
    case .reflect:
      if size == 1 { return 0 }
      while index < 0 || index >= size {
        index = index < 0 ? -index : 2 * (size - 1) - index
      }
    }
    return index
  }

  @Test(arguments: 0..<20) func gather(seed: Int) throws {
    var random = SeededRandom(seed)
    let dims = random.shape(rank: random.int(1...4), most: 5)
    let axis = random.int(0...(dims.count - 1))
    let shape = random.shape(rank: random.int(0...3), most: 4)
    let picks = (0..<shape.reduce(1, *)).map { _ in random.int(-dims[axis]...(dims[axis] - 1)) }
    let target = dims[..<axis] + shape + dims[(axis + 1)...]
    let data = counting(types[seed % types.count], dims)
    let expected = moved(data, to: Array(target)) { index in
      let pick = picks[offset(Array(index[axis..<axis + shape.count]), shape)]
      return index[..<axis] + [pick < 0 ? pick + dims[axis] : pick] + index[(axis + shape.count)...]
    }
    var parameters = GatherParameters()
    parameters.axis = Int32(axis)
    let indices =
      seed % 2 == 0
      ? Operand.int32(picks.map(Int32.init), shape) : .int64(picks.map(Int64.init), shape)
    let node = SingleNode(.gather, [data, indices], Operand(data.type, Array(target)), parameters)
    try expect(node, expected, "seed \(seed): \(dims) along \(axis), \(shape)")
  }

  @Test(arguments: [5, -6, Int64.max, Int64.min]) func gatherRefusesIndicesOutside(pick: Int64) {
    let node = SingleNode(
      .gather, [.float([1, 2, 3, 4, 5], [5]), .int64([0, pick], [2])], Operand(.float32, [2]),
      GatherParameters())
    let error = #expect(throws: EdgeError.self) { try node.run(threads: 1, kernels: "scalar") }
    #expect(error?.code == .outOfRange)
    #expect(error?.node == 0)
    #expect(error.map(message) == "index \(pick) lies outside of an axis of 5")
  }

  @Test func copyGivesBytesAnotherShape() throws {
    let x = counting(.int64, [3, 4])
    try expect(SingleNode(.copy, [x], Operand(.int64, [2, 1, 6])), x.bytes, "")
  }

  @Test func emptyTensorsAreNothingToDo() throws {
    let empty = Operand(.float32, [0, 3])
    try expect(SingleNode(.copy, [empty], Operand(.float32, [3, 0])), [], "copy")
    var parameters = TransposeParameters()
    parameters.permutation = axes([1, 0])
    try expect(
      SingleNode(.transpose, [empty], Operand(.float32, [3, 0]), parameters), [], "transpose")
    try expect(
      SingleNode(.pad, [empty], Operand(.float32, [2, 3]), PadParameters()),
      bytes(of: [Float](repeating: 0, count: 6)), "pad")
    try expect(
      SingleNode(.broadcast, [Operand(.int8, [1], bytes: [1])], Operand(.int8, [0])), [],
      "broadcast")
    try expect(
      SingleNode(.slice, [empty], Operand(.float32, [0, 1]), SliceParameters()), [], "slice")
  }
}
