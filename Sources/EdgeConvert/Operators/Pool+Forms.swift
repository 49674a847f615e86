import EdgeFormat

extension Operator {
  /// A pool that has no kernel as simpler ones: of integers, in float; over more than two axes, one
  /// axis after the other; an average that counts padding which windows overlap unevenly, after a
  /// Pad.
  @Sendable static func simplerPool(_ node: Node, _ body: inout Expansion) throws -> [ValueID?]? {
    let x = try body.required(0)
    let type = try body.type(x)
    guard let kernel = node.ints("kernel_shape") else { return nil }
    if !type.isFloat {
      let y = try body.apply(node.op, [body.float(x)], node.attributes)
      return [try body.cast(y, type)]
    }
    guard var form = try PoolForm(node, body.shape(x), kernel) else {
      if kernel.count <= 2 { return nil }
      throw ConversionError.obstacles([
        node.obstacle("a pool over \(kernel.count) axes of run-time sizes", remedy: "fix the sizes")
      ])
    }
    let countsPadding = node.int("count_include_pad", 0) != 0
    if kernel.count <= 2 && !(countsPadding && form.overlapsUnevenly) { return nil }
    var y = x
    if countsPadding {
      y = try body.apply("Pad", [y, body.constant(ints: form.padAmounts)])
      form.dropPads()
    }
    return [try body.pooled(y, node.op, form)]
  }
}

/// The geometry of a pool over known sizes.
struct PoolForm {
  var window: Window
  var input: [Int]
  let output: [Int]
  var before: [Int]
  var after: [Int]

  /// nil when sizes depend on the caller.
  init?(_ node: Node, _ shape: [Dimension], _ kernel: [Int]) throws {
    let spatial = Array(shape.dropFirst(2))
    window = try Window(node, spatial: spatial, kernel: kernel)
    input = spatial.compactMap(\.constant)
    output = window.output.compactMap(\.constant)
    before = window.before.compactMap(\.constant)
    after = window.after.compactMap(\.constant)
    guard input.count == kernel.count else { return nil }
  }

  /// How far the last window of an axis reaches behind the input; negative when it ends before.
  func overlap(_ axis: Int) -> Int {
    let reach = (window.kernel[axis] - 1) * window.dilations[axis] + 1
    return (output[axis] - 1) * window.strides[axis] + reach - before[axis] - input[axis]
  }

  /// Whether a window reaches beyond the padding, as `ceil_mode` allows.
  var overlapsUnevenly: Bool { input.indices.contains { overlap($0) > after[$0] } }

  /// The padding as a Pad wants it.
  var padAmounts: [Int] { [0, 0] + before + [0, 0] + after }

  /// The padding has become part of the input.
  mutating func dropPads() {
    for axis in input.indices { input[axis] += before[axis] + after[axis] }
    before = before.map { _ in 0 }
    after = before
  }

  /// Attributes of a pool over some of the axes, padded so that all windows fit.
  func attributes(_ axes: Range<Int>) -> [String: Attribute] {
    func list(_ values: [Int]) -> Attribute { .ints(axes.map { Int64(values[$0]) }) }
    let pads = axes.map { before[$0] } + axes.map { max(overlap($0), 0) }
    return [
      "kernel_shape": list(window.kernel), "strides": list(window.strides),
      "dilations": list(window.dilations), "pads": .ints(pads.map { Int64($0) }),
    ]
  }
}

extension Expansion {
  /// A pool over the last two axes, then over each axis before them, the others merged.
  ///
  /// Maxima and averages of what lies inside the input are separable.
  fileprivate mutating func pooled(_ x: ValueID, _ op: String, _ form: PoolForm) throws -> ValueID {
    let rank = form.input.count
    let last = max(rank - 2, 0)..<rank
    var y = try reshape(
      x,
      [.axis(0, of: x), .axes(1..<(last.lowerBound + 2), of: x)]
        + last.map { .axis($0 + 2, of: x) })
    y = try apply(op, [y], form.attributes(last))
    for axis in (0..<last.lowerBound).reversed() {
      let rest = form.output.dropFirst(axis + 1).reduce(1, *)
      y = try reshape(
        y, [.axis(0, of: x), .axes(1..<(axis + 2), of: x), .axis(axis + 2, of: x), .fixed(rest)])
      var attributes = form.attributes(axis..<(axis + 1))
      for (key, filler) in [("kernel_shape", 1), ("strides", 1), ("dilations", 1)] {
        if case .ints(let values) = attributes[key] {
          attributes[key] = .ints(values + [Int64(filler)])
        }
      }
      if case .ints(let pads) = attributes["pads"] {
        attributes["pads"] = .ints([pads[0], 0, pads[1], 0])
      }
      y = try apply(op, [y], attributes)
    }
    return try reshape(
      y, [.axis(0, of: x), .axis(1, of: x)] + form.output.map { .fixed($0) })
  }
}
