import EdgeFormat

/// Operators that choose elements by their place along axes.
extension Operator {
  static let masks: [Operator] = [triangle, diagonal, oneHot, hardmax]

  /// What lies on, and above or below, the k-th diagonal of the last two axes; 0 elsewhere.
  /// <https://onnx.ai/onnx/operators/onnx__Trilu.html>
  private static let triangle = Operator.composite("Trilu", opsets: 14...latestOpset) {
    node, body in
    let x = try body.required(0)
    let rank = try body.shape(x).count
    guard rank >= 2 else { throw node.invalid("needs a matrix, not rank \(rank)") }
    var edge = try body.positions(x, axis: rank - 2)
    if let k = body.input(1) { edge = try body.apply("Add", [edge, k]) }
    let column = try body.positions(x, axis: rank - 1)
    let isUpper = node.int("upper", 1) != 0
    let mask = try body.apply(isUpper ? "GreaterOrEqual" : "LessOrEqual", [column, edge])
    return [try body.apply("Where", [mask, x, body.constant(0, body.type(x))])]
  }

  /// Ones on the k-th diagonal. <https://onnx.ai/onnx/operators/onnx__EyeLike.html>
  private static let diagonal = Operator.composite("EyeLike", opsets: 9...latestOpset) {
    node, body in
    let x = try body.required(0)
    guard try body.shape(x).count == 2 else { throw node.invalid("needs a matrix") }
    let edge = try body.apply(
      "Add", [body.positions(x, axis: 0), body.constant(ints: [node.int("k", 0)])])
    let mask = try body.apply("Equal", [body.positions(x, axis: 1), edge])
    if let type = node.attributes["dtype"] { return [try body.apply("Cast", [mask], ["to": type])] }
    return [try body.apply("CastLike", [mask, x])]
  }

  /// off and on values by position along a new axis; out-of-range indices give off alone.
  /// <https://onnx.ai/onnx/operators/onnx__OneHot.html>
  private static let oneHot = Operator.composite("OneHot", opsets: 9...latestOpset) { node, body in
    guard let depth = body.tensor(try body.required(1))?.ints.first, depth >= 0 else {
      throw ConversionError.obstacles([
        node.obstacle("its depth is computed at run time", remedy: "make the depth constant")
      ])
    }
    let stated = try body.required(0)
    let rank = try body.shape(stated).count
    let place = try axis(node.int("axis", -1), rank: rank + 1, node)
    var indices = try body.apply("Cast", [stated], ["to": .int(7)])
    let fromEnd = try body.apply("Add", [indices, body.constant(Float(depth), .int64)])
    let isNegative = try body.apply("Less", [indices, body.constant(0, .int64)])
    indices = try body.apply("Where", [isNegative, fromEnd, indices])
    indices = try body.apply("Unsqueeze", [indices, body.constant(ints: [place])])
    let choices = body.constant(
      Tensor(
        (0..<depth).map { Int64($0) }, shape: [depth] + Array(repeating: 1, count: rank - place)))
    let isHit = try body.apply("Equal", [indices, choices])
    let values = try body.required(2)
    let off = try body.apply("Gather", [values, body.constant(0, .int64)])
    let on = try body.apply("Gather", [values, body.constant(1, .int64)])
    return [try body.apply("Where", [isHit, on, off])]
  }

  /// 1 at the first largest element along an axis, 0 elsewhere.
  /// <https://onnx.ai/onnx/operators/onnx__Hardmax.html>
  private static let hardmax = Operator.composite("Hardmax", opsets: 1...latestOpset) {
    node, body in
    let x = try body.required(0)
    let axes = try softmaxAxes(node, rank: body.shape(x).count)
    // Several axes are taken as one.
    let flat = axes.count > 1 ? try body.apply("Flatten", [x], ["axis": .int(Int64(axes[0]))]) : x
    let axis = axes.count > 1 ? 1 : axes[0]
    let best = try body.apply("ArgMax", [flat], ["axis": .int(Int64(axis)), "keepdims": .int(1)])
    let isBest = try body.apply("Equal", [body.positions(flat, axis: axis), best])
    let y = try body.apply("CastLike", [isBest, x])
    return [axes.count > 1 ? try body.apply("Reshape", [y, body.apply("Shape", [x])]) : y]
  }
}

extension Expansion {
  /// The int64 positions along one axis of a value, broadcasting with it.
  mutating func positions(_ x: ValueID, axis: Int) throws -> ValueID {
    let shape = try shape(x)
    let after = Array(repeating: 1, count: shape.count - 1 - axis)
    if let size = shape[axis].constant {
      return constant(Tensor((0..<size).map { Int64($0) }, shape: [size] + after))
    }
    let sizes = try apply("Shape", [x])
    let size = try apply("Gather", [sizes, constant(Float(axis), .int64)])
    let line = try apply("Range", [constant(0, .int64), size, constant(1, .int64)])
    if after.isEmpty { return line }
    return try apply("Unsqueeze", [line, constant(ints: Array(1...after.count))])
  }
}
