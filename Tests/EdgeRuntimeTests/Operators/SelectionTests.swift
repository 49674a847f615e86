import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// TopK, NonMaxSuppression and Unique against the definition.
@Suite struct SelectionTests {
  private static let types: [ElementType] = [.float32, .int64, .uint8, .int8, .int32, .int16]

  /// Numbers 0 to 5 with many equal ones, -0.0 for some zeros; and the elements' bytes.
  private func values(_ type: ElementType, _ count: Int, _ random: inout SeededRandom) -> (
    numbers: [Int], bytes: [UInt8]
  ) {
    let isSigned = type != .uint8 && type != .bool
    let numbers = (0..<count).map { _ in random.int(isSigned ? -3...3 : 0...255) }
    let bytes: [UInt8] =
      switch type {
      case .float32:
        EdgeTestSupport.bytes(
          of: numbers.map { $0 == 0 && random.chance() ? Float(-0.0) : Float($0) / 2 })
      case .int32: EdgeTestSupport.bytes(of: numbers.map { Int32($0) })
      case .int64: EdgeTestSupport.bytes(of: numbers.map { Int64($0) })
      case .int16, .float16: EdgeTestSupport.bytes(of: numbers.map { Int16($0) })
      case .int8: EdgeTestSupport.bytes(of: numbers.map { Int8($0) })
      case .uint8, .bool: EdgeTestSupport.bytes(of: numbers.map { UInt8($0) })
      }
    return (numbers, bytes)
  }

  @Test(arguments: 0..<30) func topK(seed: Int) throws {
    var random = SeededRandom(seed)
    let type = SelectionTests.types[seed % 6]
    let rows = random.int(1...4), size = random.int(1...40), wanted = random.int(0...size)
    let (numbers, bytes) = values(type, rows * size, &random)
    var parameters = TopKParameters()
    parameters.largest = seed % 2 == 0 ? 1 : 0
    var plan = PlanBuilder()
    let x = plan.tensor(type, [rows, size])
    let y = plan.tensor(type, [rows, wanted]), places = plan.tensor(.int64, [rows, wanted])
    plan.node(.topK, inputs: [x], outputs: [y, places], parameters: parameters)
    plan.setInputs([x])
    plan.setOutputs([y, places])
    let expected = (0..<rows).flatMap { row -> [Int] in
      let own = Array(numbers[(row * size)..<((row + 1) * size)])
      let order = own.indices.sorted {
        own[$0] == own[$1] ? $0 < $1 : (own[$0] > own[$1]) == (seed % 2 == 0)
      }
      return Array(order.prefix(wanted))
    }
    for threads in [1, 4] {
      let model = try OpenModel(plan.build(), threads: threads)
      try model.setInput(0, bytes: bytes)
      try model.run()
      #expect(elements(model.output(1)) == expected.map { Int64($0) }, "seed \(seed)")
      let chosen = expected.enumerated().flatMap { place, index in
        let at = (place / max(wanted, 1) * size + index) * type.byteCount
        return bytes[at..<(at + type.byteCount)]
      }
      #expect(model.output(0) == chosen, "seed \(seed)")
    }
  }

  @Test func nothingIsAboveNaN() throws {
    var plan = PlanBuilder()
    let x = plan.tensor(.float32, [5])
    let y = plan.tensor(.float32, [5]), places = plan.tensor(.int64, [5])
    plan.node(.topK, inputs: [x], outputs: [y, places], parameters: TopKParameters())
    plan.setInputs([x])
    plan.setOutputs([places])
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: [1, -.nan, .infinity, .nan, -.infinity] as [Float]))
    try model.run()
    #expect(elements(model.output()) == [1, 3, 2, 0, 4] as [Int64])
  }

  @Test(arguments: 0..<20) func unique(seed: Int) throws {
    var random = SeededRandom(seed)
    let type = SelectionTests.types[seed % 6]
    let rows = random.int(1...30), length = random.int(1...2)
    let (numbers, bytes) = values(type, rows * length, &random)
    let contents = (0..<rows).map { Array(numbers[($0 * length)..<(($0 + 1) * length)]) }
    var different = Array(Set(contents)).sorted { $0.lexicographicallyPrecedes($1) }
    if seed % 2 == 0 {
      different.sort { (contents.firstIndex(of: $0) ?? 0) < (contents.firstIndex(of: $1) ?? 0) }
    }
    var parameters = UniqueParameters()
    parameters.sorted = seed % 2 == 0 ? 0 : 1
    var plan = PlanBuilder()
    let x = plan.tensor(type, [rows, length]),
      outputs = (0..<3).map { _ in plan.tensor(.int64, [rows]) }
    plan.node(.unique, inputs: [x], outputs: outputs, parameters: parameters)
    plan.setInputs([x])
    plan.setOutputs(outputs)
    let count = plan.foundSize(node: 0, tensor: outputs[0], axis: 0)
    plan.setSize(of: outputs[2], axis: 0, to: count)
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes)
    try model.run()
    let first = different.map { Int64(contents.firstIndex(of: $0) ?? -1) }
    let numbered = contents.map { Int64(different.firstIndex(of: $0) ?? -1) }
    let counts = different.map { content in Int64(contents.count { $0 == content }) }
    #expect(elements(model.output(0)) == first, "seed \(seed)")
    #expect(elements(model.output(1)) == numbered, "seed \(seed)")
    #expect(elements(model.output(2)) == counts, "seed \(seed)")
  }

  /// Boxes of 2 batches and scores of 3 classes.
  private func suppression(_ parameters: NonMaxSuppressionParameters, boxes: Int) -> [UInt8] {
    var plan = PlanBuilder()
    let places = plan.tensor(.float32, [2, boxes, 4]),
      scores = plan.tensor(.float32, [2, 3, boxes])
    let most = 6 * min(Int(parameters.mostBoxes), boxes)
    let y = plan.tensor(.int64, [most, 3])
    plan.node(.nonMaxSuppression, inputs: [places, scores], outputs: [y], parameters: parameters)
    plan.setInputs([places, scores])
    plan.setOutputs([y])
    _ = plan.foundSize(node: 0, tensor: y, axis: 0)
    return plan.build()
  }

  @Test(arguments: 0..<20) func nonMaxSuppression(seed: Int) throws {
    var random = SeededRandom(seed)
    let count = random.int(1...25)
    var parameters = NonMaxSuppressionParameters()
    parameters.mostBoxes = Int32(random.int(0...8))
    parameters.overlapThreshold = Float(random.int(0...8)) / 8
    parameters.scoreThreshold = random.chance() ? -.infinity : 0.5
    parameters.isCentered = seed % 2 == 0 ? 1 : 0
    let places = (0..<2 * count * 4).map { _ in Float(random.int(0...8)) / 4 }
    let scores = (0..<2 * 3 * count).map { _ in Float(random.int(0...8)) / 8 }
    var expected: [Int64] = []
    for batch in 0..<2 {
      for group in 0..<3 {
        let own = Array(scores[((batch * 3 + group) * count)...].prefix(count))
        let ranked = own.indices.filter { own[$0] > parameters.scoreThreshold }
          .sorted { own[$0] == own[$1] ? $0 < $1 : own[$0] > own[$1] }
        var chosen: [Int] = []
        for box in ranked where chosen.count < parameters.mostBoxes {
          let isFree = chosen.allSatisfy { other in
            let (a, b) = (
              Array(places[((batch * count + box) * 4)...].prefix(4)),
              Array(places[((batch * count + other) * 4)...].prefix(4))
            )
            return overlap(a, b, isCentered: seed % 2 == 0) <= parameters.overlapThreshold
          }
          if isFree { chosen.append(box) }
        }
        expected += chosen.flatMap { [Int64(batch), Int64(group), Int64($0)] }
      }
    }
    let model = try OpenModel(suppression(parameters, boxes: count))
    try model.setInput(0, bytes: bytes(of: places))
    try model.setInput(1, bytes: bytes(of: scores))
    try model.run()
    #expect(elements(model.output()) == expected, "seed \(seed)")
    #expect(model.outputDims() == [expected.count / 3, 3])
  }

  /// Intersection over union, by sides of intervals.
  private func overlap(_ a: [Float], _ b: [Float], isCentered: Bool) -> Float {
    func side(_ box: [Float], _ axis: Int) -> ClosedRange<Float> {
      if isCentered {
        return (box[axis] - box[axis + 2] / 2)...(box[axis] + box[axis + 2] / 2)
      }
      return min(box[axis], box[axis + 2])...max(box[axis], box[axis + 2])
    }
    var both: Float = 1, mine: Float = 1, theirs: Float = 1
    for axis in 0..<2 {
      let (p, q) = (side(a, axis), side(b, axis))
      both *= max(0, min(p.upperBound, q.upperBound) - max(p.lowerBound, q.lowerBound))
      mine *= p.upperBound - p.lowerBound
      theirs *= q.upperBound - q.lowerBound
    }
    return both == 0 ? 0 : both / (mine + theirs - both)
  }

  /// Two outputs or three: what `SingleNode` cannot say.
  @Test(arguments: 0..<9) func nodesThatDoNotFitAreRefused(spoilt: Int) {
    var plan = PlanBuilder()
    let x = plan.tensor(spoilt == 0 ? .float16 : .float32, [4, 6])
    let y = plan.tensor(spoilt == 1 ? .int32 : .float32, spoilt == 2 ? [4, 7] : [4, 2])
    let places = plan.tensor(spoilt == 3 ? .int32 : .int64, spoilt == 4 ? [4, 1] : [4, 2])
    if spoilt < 5 {
      plan.node(.topK, inputs: [x], outputs: [y, places], parameters: TopKParameters())
    } else {
      let rows = (0..<3).map {
        plan.tensor(
          spoilt == 5 && $0 == 2 ? .int32 : .int64,
          spoilt == 6 && $0 == 1 ? [3] : spoilt == 7 && $0 == 0 ? [4, 1] : [4])
      }
      plan.node(
        .unique, inputs: [x], outputs: spoilt == 8 ? Array(rows.prefix(2)) : rows,
        parameters: UniqueParameters())
    }
    plan.setInputs([x])
    let error = #expect(throws: EdgeError.self) { try OpenModel(plan.build()) }
    #expect(error?.code == .modelCorrupt && error?.node == 0)
  }
}
