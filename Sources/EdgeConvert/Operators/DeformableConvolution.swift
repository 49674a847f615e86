import EdgeFormat

extension Operator {
  /// x `[N, C, H, W]`, w `[M, C / group, kernel...]`, offset `[N, groups * taps * 2, output...]`, b?,
  /// mask? `[N, groups * taps, output...]` → y `[N, M, output...]`: x sampled where each tap is
  /// moved to, and a product with the weights.
  /// <https://onnx.ai/onnx/operators/onnx__DeformConv.html>
  static let deformableConvolution = Operator.composite(
    "DeformConv", opsets: 19...latestOpset,
    check: { node, graph in
      guard let rank = graph.operand(node, 0)?.shape?.count, rank != 4 else { return [] }
      return [node.obstacle("has \(rank - 2) spatial axes", remedy: "use two spatial axes")]
    }
  ) { node, body in
    let x = try body.required(0)
    let weights = try body.required(1)
    let size = try body.sizes(weights)
    let window = try Window(
      node, spatial: Array(body.shape(x).dropFirst(2)), kernel: Array(size.dropFirst(2)))
    let output = try body.sizes(body.required(2)).suffix(2)
    let taps = size[2] * size[3]
    let groups = node.int("offset_group", 1)
    guard let channels = try body.shape(x)[1].constant, channels % groups == 0,
      window.output.compactMap(\.constant) == Array(output)
    else { throw node.invalid("offsets do not fit x or its window") }
    let places = try body.places(body.required(2), window, taps: taps, groups: groups)
    let images = try body.reshape(
      x,
      [.axis(0, of: x, times: groups), .fixed(channels / groups), .axis(2, of: x), .axis(3, of: x)])
    var seen = try body.apply("GridSample", [images, places], ["edge.pixels": .int(1)])
    if let mask = node.input(4) {
      let factors = try body.reshape(
        mask, [.axis(0, of: seen), .fixed(1), .axis(2, of: seen), .axis(3, of: seen)])
      seen = try body.apply("Mul", [seen, factors])
    }
    let columns = try body.reshape(
      seen, [.axis(0, of: x), .fixed(channels * taps)] + output.map { .fixed($0) })
    let filters = try body.reshape(
      weights, [size[0], size[1] * taps, 1, 1].map { .fixed($0) })
    return [
      try body.apply(
        "Conv", [columns, filters, node.input(3)], ["group": .int(Int64(node.int("group", 1)))])
    ]
  }
}

extension Expansion {
  /// Where each tap reads, `[N * groups, taps * OH, OW, 2]`, column before row, of offsets `[N,
  /// groups * taps * 2, OH, OW]`, row before column.
  fileprivate mutating func places(
    _ offsets: ValueID, _ window: Window, taps: Int, groups: Int
  ) throws -> ValueID {
    let output = window.output.compactMap(\.constant)
    let pads = window.before.compactMap(\.constant)
    func start(_ axis: Int, _ position: Int, _ tap: Int) -> Float {
      Float(position * window.strides[axis] + tap * window.dilations[axis] - pads[axis])
    }
    var fixed: [Float] = []
    for tap in 0..<taps {
      let (row, column) = tap.quotientAndRemainder(dividingBy: window.kernel[1])
      for y in 0..<output[0] {
        for x in 0..<output[1] { fixed += [start(1, x, column), start(0, y, row)] }
      }
    }
    let split = try reshape(
      offsets,
      [.axis(0, of: offsets, times: groups), .fixed(taps), .fixed(2)]
        + output.map { .fixed($0) })
    let pairs = try transpose(split, [0, 1, 3, 4, 2])
    let swapped = try apply("Gather", [pairs, constant(ints: [1, 0])], ["axis": .int(4)])
    let moved = try reshape(
      swapped,
      [.axis(0, of: split), .fixed(taps * output[0]), .fixed(output[1]), .fixed(2)])
    let base = Tensor(fixed, shape: [1, taps * output[0], output[1], 2], type: try type(offsets))
    return try apply("Add", [moved, constant(base)])
  }
}
