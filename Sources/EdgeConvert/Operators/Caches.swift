import EdgeFormat

/// Operators that carry rows from run to run.
extension Operator {
  static let caches: [Operator] = [causalConvolution, tensorScatter]

  /// A depthwise convolution over the past's rows and then the input's, and the last rows of both:
  /// the next run's past. <https://onnx.ai/onnx/operators/onnx__CausalConvWithState.html>
  private static let causalConvolution = composite(
    "CausalConvWithState", opsets: 27...latestOpset,
    check: { node, _ in
      let activation = node.string("activation") ?? "none"
      return ["none", "silu", "swish"].contains(activation)
        ? [] : [node.obstacle("activation \(activation)", remedy: "none, silu or swish")]
    }
  ) { node, body in
    let (x, w) = (try body.required(0), try body.required(1))
    let sizes = try body.sizes(w)
    guard sizes.count == 3, sizes[2] > 0 else { throw node.invalid("weights \(sizes)") }
    try body.expectRank(3, of: x)
    let (channels, taps) = (sizes[0], sizes[2])
    let whole =
      try body.input(3).map { try body.apply("Concat", [$0, x], ["axis": .int(2)]) }
      ?? body.apply(
        "Pad", [x, body.constant(ints: [0, 0, taps - 1, 0, 0, 0]), body.constant(0, body.type(x))])
    var y = try body.causalSum(whole, w, channels: channels, taps: taps, rows: .axis(2, of: x))
    if node.string("activation") ?? "none" != "none" {
      y = try body.apply("Mul", [y, body.apply("Sigmoid", [y])])
    }
    // The last taps - 1 rows; -0 would be the first row.
    let start = taps > 1 ? 1 - taps : Int(Int32.max)
    let last = try body.apply(
      "Slice",
      [
        whole, body.constant(ints: [start]), body.constant(ints: [Int(Int32.max)]),
        body.constant(ints: [2]),
      ])
    return [y, last]
  }

  /// Rows of a cache overwritten from a position on, one for each sample, in a circle when `mode`
  /// says so. <https://onnx.ai/onnx/operators/onnx__TensorScatter.html>
  private static let tensorScatter = composite(
    "TensorScatter", opsets: 24...latestOpset
  ) { node, body in
    let (cache, update) = (try body.required(0), try body.required(1))
    let rank = try body.shape(cache).count
    try body.expectRank(rank, of: update)
    let axis = try axis(node.int("axis", -2), rank: rank, node)
    let count = try body.reshape(body.sizeList([.axis(axis, of: update)]), [])
    var place = try body.apply(
      "Range", [body.constant(0, .int64), count, body.constant(1, .int64)])
    let inner = [Extent](repeating: .fixed(1), count: rank - axis - 1)
    place = try body.reshape(place, [.axis(0, of: place)] + inner)
    if let starts = body.input(2) {
      let ones = [Extent](repeating: .fixed(1), count: rank - 1)
      place = try body.apply("Add", [body.reshape(starts, [.axis(0, of: starts)] + ones), place])
    }
    if node.string("mode") == "circular" {
      place = try body.apply("Mod", [place, body.sizeList([.axis(axis, of: cache)])])
    }
    let shape = try body.sizeList((0..<rank).map { .axis($0, of: update) })
    return [
      try body.apply(
        "ScatterElements", [cache, body.apply("Expand", [place, shape]), update],
        ["axis": .int(Int64(axis))])
    ]
  }
}

extension Expansion {
  /// The convolution of CausalConvWithState; weights of run time are multiplied tap by tap.
  fileprivate mutating func causalSum(
    _ x: ValueID, _ w: ValueID, channels: Int, taps: Int, rows: Extent
  ) throws -> ValueID {
    let bias = input(2)
    if tensor(w) != nil, bias.map({ tensor($0) != nil }) ?? true {
      return try apply("Conv", [x, w, bias], ["group": .int(Int64(channels))])
    }
    let count = try sizeList([rows])
    let products = try (0..<taps).map { tap -> ValueID in
      let start = constant(ints: [tap])
      let end = try apply("Add", [count, start])
      let part = try apply("Slice", [x, start, end, constant(ints: [2])])
      return try apply(
        "Mul", [part, reshape(cut(w, 2, tap..<(tap + 1)), [.fixed(channels), .fixed(1)])])
    }
    let sum = taps == 1 ? products[0] : try apply("Sum", products)
    return try bias.map {
      try apply("Add", [sum, reshape($0, [.fixed(channels), .fixed(1)])])
    } ?? sum
  }
}
