import EdgeFormat

/// Operators that only relabel axes: the elements stay as they are.
extension Operator {
  static let reshapes: [Operator] = [
    relabel("Reshape", 5...latestOpset, reshapeTarget),
    relabel("Flatten", 1...latestOpset, flattenTarget),
    relabel("Squeeze", 1...latestOpset, squeezeTarget),
    relabel("Unsqueeze", 1...latestOpset, unsqueezeTarget),
    relabel("Identity", 1...latestOpset) { _, shape, _ in shape },
  ]

  private typealias Target = @Sendable (Node, [Dimension], [Dimension]?) throws -> [Dimension]

  private static func relabel(
    _ name: String, _ opsets: ClosedRange<Int>, _ target: @escaping Target
  ) -> Operator {
    Operator(
      name, opsets: opsets,
      infer: { node, graph in
        if node.input(1) != nil, graph.content(node, 1) == nil {
          _ = try graph.integers(node, 1, "the shape")
        }
        let shape = try target(node, graph.shape(node, 0), graph.content(node, 1))
        return [ValueType(type: try graph.type(node, 0), shape: shape)]
      },
      symbolic: { node, graph in graph.content(node, 0) },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let content = optional(inputs, 1)?.ints.map { Dimension($0) }
        let shape = try target(node, x.shape.map { Dimension($0) }, content).compactMap(\.constant)
        guard shape.reduce(1, *) == x.count else {
          throw node.invalid("cannot relabel \(x.shape) as \(shape)")
        }
        return [x.reshaped(shape)]
      },
      quantize: .passThrough, lower: Lowering.reshape)
  }

  /// 0 copies the input's size (unless `allowzero`), one -1 takes the rest.
  @Sendable private static func reshapeTarget(
    _ node: Node, _ shape: [Dimension], _ content: [Dimension]?
  ) throws -> [Dimension] {
    guard let stated = content ?? node.ints("shape")?.map({ Dimension($0) }) else {
      throw node.invalid("the new shape is missing")
    }
    var target = stated
    var open: Int?
    for (axis, size) in stated.enumerated() {
      if size == Dimension(-1) {
        guard open == nil else { throw node.invalid("the new shape has two -1") }
        open = axis
      } else if size == Dimension(0), node.int("allowzero", 0) == 0 {
        guard axis < shape.count else { throw node.invalid("0 at axis \(axis) copies nothing") }
        target[axis] = shape[axis]
      }
    }
    let total = shape.reduce(Dimension(1), *)
    if let open {
      target[open] = Dimension(1)
      let rest = target.reduce(Dimension(1), *)
      if rest == Dimension(0) { throw node.invalid("-1 is not defined beside an axis of size 0") }
      target[open] = total / rest
      if let whole = total.constant, let part = rest.constant, whole % part != 0 {
        throw node.invalid("\(whole) elements do not fill \(stated)")
      }
    } else if let whole = total.constant, let filled = target.reduce(Dimension(1), *).constant,
      whole != filled
    {
      throw node.invalid("\(whole) elements do not fill \(stated)")
    }
    return target
  }

  @Sendable private static func flattenTarget(
    _ node: Node, _ shape: [Dimension], _: [Dimension]?
  ) throws -> [Dimension] {
    let stated = node.int("axis", 1)
    let split = stated < 0 ? stated + shape.count : stated
    guard split >= 0, split <= shape.count else {
      throw node.invalid("axis \(stated) is outside rank \(shape.count)")
    }
    return [
      shape.prefix(split).reduce(Dimension(1), *), shape.dropFirst(split).reduce(Dimension(1), *),
    ]
  }

  @Sendable private static func squeezeTarget(
    _ node: Node, _ shape: [Dimension], _ content: [Dimension]?
  ) throws -> [Dimension] {
    guard let axes = content?.compactMap(\.constant) ?? node.ints("axes") else {
      return shape.filter { $0 != Dimension(1) }
    }
    let dropped = Set(try axes.map { try axis($0, rank: shape.count, node) })
    for axis in dropped where (shape[axis].constant ?? 1) != 1 {
      throw node.invalid("axis \(axis) has size \(shape[axis]), not 1")
    }
    return shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
  }

  @Sendable private static func unsqueezeTarget(
    _ node: Node, _ shape: [Dimension], _ content: [Dimension]?
  ) throws -> [Dimension] {
    guard let axes = content?.compactMap(\.constant) ?? node.ints("axes") else {
      throw node.invalid("axes are missing")
    }
    let rank = shape.count + axes.count
    let added = Set(try axes.map { try axis($0, rank: rank, node) })
    guard added.count == axes.count else { throw node.invalid("axes \(axes) repeat") }
    var rest = shape[...]
    return (0..<rank).map { added.contains($0) ? Dimension(1) : rest.removeFirst() }
  }

  /// Axis i of y is axis perm[i] of x; reversed by default.
  /// <https://onnx.ai/onnx/operators/onnx__Transpose.html>
  static let transpose = Operator(
    "Transpose", opsets: 1...latestOpset,
    infer: { node, graph in
      let shape = try graph.shape(node, 0)
      let order = try permutation(node, rank: shape.count)
      return [ValueType(type: try graph.type(node, 0), shape: order.map { shape[$0] })]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      return [x.transposed(try permutation(node, rank: x.shape.count))]
    },
    quantize: .passThrough, lower: Lowering.transpose)

  /// The permutation of a Transpose.
  static func permutation(_ node: Node, rank: Int) throws -> [Int] {
    let order =
      try node.ints("perm")?.map { try axis($0, rank: rank, node) } ?? Array((0..<rank).reversed())
    guard order.count == rank, Set(order).count == rank else {
      throw node.invalid("perm \(order) is no permutation of \(rank) axes")
    }
    return order
  }
}
