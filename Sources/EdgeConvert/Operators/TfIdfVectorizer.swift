import EdgeFormat

/// Counts of n-grams: the groups of the pool, by length.
private struct NGrams {
  /// Length of a group's n-grams.
  let length: Int
  /// The n-grams, one after the other.
  let items: [Int64]
  /// Result of each.
  let targets: [Int]

  /// - Throws: `ConversionError.invalid` when the attributes do not fit together.
  static func pool(_ node: Node) throws -> [NGrams] {
    guard let items = node.ints("pool_int64s"), let starts = node.ints("ngram_counts"),
      let targets = node.ints("ngram_indexes"),
      let shortest = node.int("min_gram_length"), let longest = node.int("max_gram_length"),
      node.int("max_skip_count", 0) >= 0, shortest >= 1, longest >= shortest
    else { throw node.invalid("attributes are missing or outside their ranges") }
    var groups: [NGrams] = []
    var named = 0
    for (index, start) in starts.enumerated() {
      let (length, end) = (index + 1, index + 1 < starts.count ? starts[index + 1] : items.count)
      guard start >= 0, start <= end, end <= items.count, (end - start) % length == 0,
        named + (end - start) / length <= targets.count
      else { throw node.invalid("the pool does not fit its counts") }
      let count = (end - start) / length
      if length >= shortest, length <= longest, count > 0 {
        groups.append(
          NGrams(
            length: length, items: items[start..<end].map { Int64($0) },
            targets: Array(targets[named..<(named + count)])))
      }
      named += count
    }
    return groups
  }
}

extension Operator {
  /// How often each n-gram of a pool of integers occurs in a sequence, also with items skipped.
  /// <https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html>
  static let tfIdfVectorizer = Operator.composite(
    "TfIdfVectorizer", opsets: 9...latestOpset,
    check: { node, _ in
      node.ints("pool_int64s") == nil
        ? [node.obstacle("counts text", remedy: "number the words, and use pool_int64s")] : []
    },
    { node, body in
      let x = try body.required(0)
      let shape = try body.sizes(x)
      guard shape.count == 1 || shape.count == 2 else {
        throw node.invalid("operand of \(shape.count) axes")
      }
      let groups = try NGrams.pool(node)
      let width = (node.ints("ngram_indexes")?.max() ?? -1) + 1
      guard (node.ints("ngram_indexes") ?? []).allSatisfy({ $0 >= 0 }), width < 1 << 24 else {
        throw node.invalid("results are numbered below 0 or too high")
      }
      let rows = shape.count == 2 ? shape[0] : 1
      let type = try body.type(x)
      let words = try body.apply(
        "Reshape", [x, body.constant(ints: [rows, 1, shape[shape.count - 1]])])
      var parts = [
        body.constant(Tensor([Float](repeating: 0, count: rows * width), shape: [rows, width]))
      ]
      for group in groups {
        // A single item has nothing between its parts to skip.
        let skips = group.length == 1 ? 0 : node.int("max_skip_count", 0)
        for skip in 0...skips {
          if let hits = try body.hits(words, type, group, step: skip + 1) {
            parts.append(try body.apply("MatMul", [hits, body.placement(group.targets, width)]))
          }
        }
      }
      var counts = try parts.dropFirst().reduce(parts[0]) { try body.apply("Add", [$0, $1]) }
      let mode = node.string("mode") ?? "TF"
      if mode == "IDF" {
        counts = try body.apply("Min", [counts, body.constant(1)])
      }
      if mode != "TF", let weights = node.floats("weights") {
        counts = try body.apply("Mul", [counts, body.constant(try node.perResult(weights, width))])
      }
      return [
        try body.apply("Reshape", [counts, body.constant(ints: shape.dropLast() + [width])])
      ]
    })
}

extension Node {
  /// Weights, given by n-gram, in the order of the results.
  fileprivate func perResult(_ weights: [Float], _ width: Int) throws -> Tensor {
    let targets = ints("ngram_indexes") ?? []
    guard weights.count == targets.count else { throw invalid("has \(weights.count) weights") }
    var ordered = [Float](repeating: 1, count: width)
    for (target, weight) in zip(targets, weights) { ordered[target] = weight }
    return Tensor(ordered, shape: [width])
  }
}

extension Expansion {
  /// How often each n-gram of a group occurs: `[N, G]` of `[N, 1, length]` words, its items `step`
  /// words apart; nil when the sequence is too short.
  fileprivate mutating func hits(
    _ words: ValueID, _ type: ElementType, _ group: NGrams, step: Int
  ) throws -> ValueID? {
    let length = try sizes(words)[2]
    let windows = length - (group.length - 1) * step
    guard windows > 0 else { return nil }
    let grams = group.items.count / group.length
    var equal: ValueID?
    for place in 0..<group.length {
      let slice = try apply(
        "Slice",
        [
          words, constant(ints: [place * step]), constant(ints: [place * step + windows]),
          constant(ints: [2]),
        ])
      let items = (0..<grams).map { group.items[$0 * group.length + place] }
      let wanted = constant(Tensor(items, shape: [1, grams, 1], type: type))
      let same = try apply("Equal", [slice, wanted])
      equal = try equal.map { try apply("And", [$0, same]) } ?? same
    }
    guard let equal else { return nil }
    let ones = try apply("Cast", [equal], ["to": .int(1)])
    return try apply("ReduceSum", [ones, constant(ints: [2])], ["keepdims": .int(0)])
  }

  /// The matrix that puts the counts of a group's n-grams to their places.
  fileprivate mutating func placement(_ targets: [Int], _ width: Int) -> ValueID {
    var values = [Float](repeating: 0, count: targets.count * width)
    for (gram, target) in targets.enumerated() { values[gram * width + target] = 1 }
    return constant(Tensor(values, shape: [targets.count, width]))
  }
}
