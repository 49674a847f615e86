import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Gathers and scatters by index tuples and by elements, against the definition.
@Suite struct IndexedTests {
  private static let types: [ElementType] = [.float32, .int8, .int64, .bool, .int16, .int32]

  /// Small numbers of a type that an operator can also combine.
  private func operand(_ type: ElementType, _ dims: [Int], _ random: inout SeededRandom) -> Operand
  {
    let values = (0..<dims.reduce(1, *)).map { _ in random.int(-9...9) }
    let bytes: [UInt8] =
      switch type {
      case .float32: EdgeTestSupport.bytes(of: values.map { Float($0) / 4 })
      case .int32: EdgeTestSupport.bytes(of: values.map { Int32($0) })
      case .int64: EdgeTestSupport.bytes(of: values.map { Int64($0) })
      case .int16, .float16: EdgeTestSupport.bytes(of: values.map { Int16($0) })
      case .int8, .uint8, .bool: EdgeTestSupport.bytes(of: values.map { Int8($0) })
      }
    return Operand(type, dims, bytes: bytes)
  }

  private func indices(_ picks: [Int], _ dims: [Int], isWide: Bool) -> Operand {
    isWide ? .int64(picks.map(Int64.init), dims) : .int32(picks.map(Int32.init), dims)
  }

  /// Index tuples over the axes of `dims` after the first `batch`, and the row that each names.
  private func tuples(
    _ dims: [Int], depth: Int, batch: Int, lead: [Int], _ random: inout SeededRandom
  ) -> (picks: [Int], rows: [Int]) {
    let named = Array(dims[batch..<batch + depth])
    var picks: [Int] = [], rows: [Int] = []
    for position in EdgeTestSupport.indices(Array(dims[..<batch]) + lead) {
      let tuple = named.map { random.int(-$0...($0 - 1)) }
      picks += tuple
      rows.append(
        offset(
          Array(position[..<batch]) + zip(tuple, named).map { $0 < 0 ? $0 + $1 : $0 },
          Array(dims[..<(batch + depth)])))
    }
    return (picks, rows)
  }

  @Test(arguments: 0..<24) func gatherND(seed: Int) throws {
    var random = SeededRandom(seed)
    let dims = random.shape(rank: random.int(1...4), most: 4)
    let batch = random.int(0...(dims.count - 1)), depth = random.int(1...(dims.count - batch))
    let lead = random.shape(rank: random.int(0...2), most: 3)
    let data = operand(IndexedTests.types[seed % 6], dims, &random)
    let (picks, rows) = tuples(dims, depth: depth, batch: batch, lead: lead, &random)
    let rest = Array(dims[(batch + depth)...])
    let rowBytes = rest.reduce(data.type.byteCount, *)
    let expected = rows.flatMap { data.bytes[($0 * rowBytes)..<(($0 + 1) * rowBytes)] }
    var parameters = GatherParameters()
    parameters.axis = Int32(batch)
    let list = indices(picks, Array(dims[..<batch]) + lead + [depth], isWide: seed % 2 == 0)
    let y = Operand(data.type, Array(dims[..<batch]) + lead + rest)
    try expect(SingleNode(.gatherND, [data, list], y, parameters), expected, "seed \(seed)")
  }

  /// Sizes at most those of `dims`, but any along an axis; and indices of that shape with the
  /// elements that they name.
  private func elements(_ dims: [Int], axis: Int, _ random: inout SeededRandom) -> (
    shape: [Int], picks: [Int], places: [Int]
  ) {
    let shape = dims.indices.map { random.int(1...($0 == axis ? 5 : dims[$0])) }
    var picks: [Int] = [], places: [Int] = []
    for position in EdgeTestSupport.indices(shape) {
      let pick = random.int(-dims[axis]...(dims[axis] - 1))
      var place = position
      place[axis] = pick < 0 ? pick + dims[axis] : pick
      picks.append(pick)
      places.append(offset(place, dims))
    }
    return (shape, picks, places)
  }

  @Test(arguments: 0..<24) func gatherElements(seed: Int) throws {
    var random = SeededRandom(seed)
    let dims = random.shape(rank: random.int(1...4), most: 4)
    let axis = random.int(0...(dims.count - 1))
    let data = operand(IndexedTests.types[seed % 6], dims, &random)
    let (shape, picks, places) = elements(dims, axis: axis, &random)
    let size = data.type.byteCount
    let expected = places.flatMap { data.bytes[($0 * size)..<(($0 + 1) * size)] }
    var parameters = GatherParameters()
    parameters.axis = Int32(axis)
    let list = indices(picks, shape, isWide: seed % 2 == 0)
    try expect(
      SingleNode(.gatherElements, [data, list], Operand(data.type, shape), parameters), expected,
      "seed \(seed)")
  }

  /// data with rows of updates written to places, or combined with what is there.
  private func scattered(
    _ data: Operand, _ updates: Operand, _ rows: [Int], _ reduction: ScatterReduction
  ) -> [UInt8] {
    func combined<T: Comparable & BitwiseCopyable>(
      _ type: T.Type, _ add: (T, T) -> T, _ multiply: (T, T) -> T
    ) -> [UInt8] {
      var y = EdgeTestSupport.elements(data.bytes, as: type)
      let news = EdgeTestSupport.elements(updates.bytes, as: type)
      let count = rows.isEmpty ? 0 : news.count / rows.count
      for (position, row) in rows.enumerated() {
        for i in 0..<count {
          let old = y[row * count + i], new = news[position * count + i]
          y[row * count + i] =
            switch reduction {
            case .none: new
            case .add: add(old, new)
            case .multiply: multiply(old, new)
            case .maximum: max(old, new)
            case .minimum: min(old, new)
            }
        }
      }
      return bytes(of: y)
    }
    return switch data.type {
    case .float32: combined(Float.self, +, *)
    case .int32: combined(Int32.self, &+, &*)
    case .int64: combined(Int64.self, &+, &*)
    case .int16, .float16: combined(Int16.self, &+, &*)
    case .int8, .uint8, .bool: combined(Int8.self, &+, &*)
    }
  }

  private static func types(of reduction: ScatterReduction) -> [ElementType] {
    switch reduction {
    case .none: types
    case .add, .multiply: [.float32, .int32, .int64]
    case .maximum, .minimum: [.float32, .int32, .int64, .int8]
    }
  }

  private static let reductions: [ScatterReduction] = [.none, .add, .multiply, .maximum, .minimum]

  @Test(arguments: 0..<40) func scatterND(seed: Int) throws {
    var random = SeededRandom(seed)
    let reduction = IndexedTests.reductions[seed % 5]
    let types = IndexedTests.types(of: reduction)
    let type = types[seed / 5 % types.count]
    let dims = random.shape(rank: random.int(1...4), most: 4)
    let depth = random.int(1...dims.count)
    let lead = random.shape(rank: random.int(0...2), most: 3)
    let (picks, rows) = tuples(dims, depth: depth, batch: 0, lead: lead, &random)
    let data = operand(type, dims, &random)
    let updates = operand(type, lead + dims[depth...], &random)
    var parameters = ScatterParameters()
    parameters.reduction = reduction.rawValue
    let list = indices(picks, lead + [depth], isWide: seed % 2 == 0)
    try expect(
      SingleNode(.scatterND, [data, list, updates], Operand(type, dims), parameters),
      scattered(data, updates, rows, reduction), "seed \(seed)")
  }

  @Test(arguments: 0..<40) func scatterElements(seed: Int) throws {
    var random = SeededRandom(seed)
    let reduction = IndexedTests.reductions[seed % 5]
    let types = IndexedTests.types(of: reduction)
    let type = types[seed / 5 % types.count]
    let dims = random.shape(rank: random.int(1...4), most: 4)
    let axis = random.int(0...(dims.count - 1))
    let (shape, picks, places) = elements(dims, axis: axis, &random)
    let data = operand(type, dims, &random), updates = operand(type, shape, &random)
    var parameters = ScatterParameters()
    parameters.axis = Int32(axis)
    parameters.reduction = reduction.rawValue
    let list = indices(picks, shape, isWide: seed % 2 == 0)
    try expect(
      SingleNode(.scatterElements, [data, list, updates], Operand(type, dims), parameters),
      scattered(data, updates, places, reduction), "seed \(seed)")
  }

  @Test func aScatterWritesIntoDataThatThePlanHasPutThere() throws {
    var plan = PlanBuilder()
    let data = plan.tensor(.float32, [4]), list = plan.tensor(.int64, [2, 1])
    let updates = plan.tensor(.float32, [2]), y = plan.tensor(.float32, [4])
    plan.alias(y, to: data)
    plan.node(
      .scatterND, inputs: [data, list, updates], outputs: [y], parameters: ScatterParameters())
    plan.setInputs([data, list, updates])
    plan.setOutputs([y])
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: [1, 2, 3, 4] as [Float]))
    try model.setInput(1, bytes: bytes(of: [-1, 0] as [Int64]))
    try model.setInput(2, bytes: bytes(of: [8, 9] as [Float]))
    try model.run()
    #expect(EdgeTestSupport.elements(model.output()) == [9, 2, 3, 8] as [Float])
  }

  @Test func scattersPropagateTheOneNaN() throws {
    for reduction in IndexedTests.reductions.dropFirst() {
      var parameters = ScatterParameters()
      parameters.reduction = reduction.rawValue
      let node = SingleNode(
        .scatterND,
        [
          .float([-.nan, 1, .infinity], [3]), .int32([0, 1, 2], [3, 1]),
          .float([1, -.nan, reduction == .multiply ? 0 : -.infinity], [3]),
        ], Operand(.float32, [3]), parameters)
      let y = EdgeTestSupport.elements(
        try node.run(threads: 1, kernels: "scalar").y, as: UInt32.self)
      #expect(y[0] == 0x7fc0_0000 && y[1] == 0x7fc0_0000)
      if reduction == .add || reduction == .multiply { #expect(y[2] == 0x7fc0_0000) }
    }
  }

  @Test(arguments: [3, -4, Int64.max, Int64.min]) func indicesOutsideEndTheRun(pick: Int64) throws {
    let data = Operand.float([1, 2, 3], [3]), y = Operand(.float32, [3])
    let one = Operand(.float32, [1], bytes: bytes(of: Float(7)))
    let nodes = [
      SingleNode(
        .gatherND, [data, .int64([pick], [1, 1])], Operand(.float32, [1]), GatherParameters()),
      SingleNode(
        .gatherElements, [data, .int64([pick], [1])], Operand(.float32, [1]), GatherParameters()),
      SingleNode(.scatterND, [data, .int64([pick], [1, 1]), one], y, ScatterParameters()),
      SingleNode(.scatterElements, [data, .int64([pick], [1]), one], y, ScatterParameters()),
    ]
    for node in nodes {
      let error = #expect(throws: EdgeError.self) { try node.run(threads: 1, kernels: "scalar") }
      #expect(error?.code == .outOfRange && error?.node == 0)
      #expect(error.map(message) == "index \(pick) lies outside of an axis of 3")
    }
  }

  private func expect(_ node: SingleNode, _ expected: [UInt8], _ label: String) throws {
    let (y, disagreement) = try node.runEverywhere()
    #expect(disagreement == nil, "\(label)")
    #expect(y == expected, "\(label)")
  }
}
