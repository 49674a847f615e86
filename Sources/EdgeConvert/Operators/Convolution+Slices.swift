import EdgeFormat

extension Operator {
  /// A convolution over three spatial axes as one over two: slices of the first axis lie side by
  /// side in the channels, one for each tap along it, and every output slice is an image.
  ///
  /// The input is copied once for each tap.
  @Sendable static func convolutionOfSlices(_ node: Node, _ body: inout Expansion) throws
    -> [ValueID?]?
  {
    let x = try body.required(0)
    guard let weights = body.tensor(node.input(1)), weights.shape.count == 5 else { return nil }
    let window = try Window(
      node, spatial: Array(body.shape(x).dropFirst(2)), kernel: Array(weights.shape.dropFirst(2)))
    let before = window.before.compactMap(\.constant)
    let after = window.after.compactMap(\.constant)
    guard before.count == 3, after.count == 3 else {
      throw ConversionError.obstacles([
        node.obstacle("automatic padding of run-time sizes", remedy: "use pads, or fix the sizes")
      ])
    }
    let groups = node.int("group", 1)
    let stack = try body.slices(of: x, window, pads: (before[0], after[0]), groups: groups)
    let images = try body.reshape(
      stack,
      [.axes(0..<2, of: stack), .axes(2..<4, of: stack)] + [4, 5].map { .axis($0, of: stack) })
    let size = weights.shape
    let filters = weights.transposed([0, 2, 1, 3, 4])
      .reshaped([size[0], size[1] * size[2], size[3], size[4]])
    var attributes = node.attributes.filter { $0.key.hasPrefix("edge.") }
    attributes["group"] = .int(Int64(groups))
    attributes["strides"] = .ints(window.strides.dropFirst().map { Int64($0) })
    attributes["dilations"] = .ints(window.dilations.dropFirst().map { Int64($0) })
    attributes["pads"] = .ints((before.dropFirst() + after.dropFirst()).map { Int64($0) })
    let y = try body.apply(
      "Conv", [images, body.constant(filters), node.input(2)], attributes)
    let split = try body.reshape(
      y, [.axis(0, of: stack), .axis(1, of: stack)] + [1, 2, 3].map { .axis($0, of: y) })
    return [try body.transpose(split, [0, 2, 1, 3, 4])]
  }
}

extension Expansion {
  /// `[N, outputs, groups, taps * channels, H, W]` of x `[N, groups * channels, D, H, W]`: what
  /// each window along D sees.
  fileprivate mutating func slices(
    of x: ValueID, _ window: Window, pads: (before: Int, after: Int), groups: Int
  ) throws -> ValueID {
    var padded = try transpose(x, [0, 2, 1, 3, 4])
    if pads != (0, 0) {
      padded = try apply(
        "Pad", [padded, constant(ints: [0, pads.before, 0, 0, 0, 0, pads.after, 0, 0, 0])])
    }
    guard let channels = try shape(x)[1].constant, channels % groups == 0 else {
      throw node.invalid("the channels do not fit \(groups) groups")
    }
    let split = try reshape(
      padded,
      [.axis(0, of: padded), .axis(1, of: padded), .fixed(groups), .fixed(channels / groups)]
        + [3, 4].map { .axis($0, of: padded) })
    let taps = window.kernel[0]
    let parts = try (0..<taps).map { tap in
      let rest = (taps - 1 - tap) * window.dilations[0]
      return try apply(
        "Slice",
        [
          split, constant(ints: [tap * window.dilations[0]]),
          constant(ints: [rest == 0 ? Int(Int32.max) : -rest]), constant(ints: [1]),
          constant(ints: [window.strides[0]]),
        ])
    }
    return try apply("Concat", parts, ["axis": .int(3)])
  }
}
