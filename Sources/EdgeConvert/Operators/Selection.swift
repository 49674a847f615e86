import EdgeFormat

/// Operators that choose elements by their values: how many are chosen may depend on data.
extension Operator {
  static let selections: [Operator] = [
    topK, nonZero, compress, nonMaxSuppression, unique, uniqueRows, reverseSequence,
    tfIdfVectorizer,
  ]

  /// The K largest or smallest elements along `axis`; K is an attribute up to opset 9.
  /// <https://onnx.ai/onnx/operators/onnx__TopK.html>
  private static let topK = Operator(
    "TopK", opsets: 1...latestOpset,
    infer: { node, graph in
      var shape = try graph.shape(node, 0)
      let axis = try axis(node.int("axis", -1), rank: shape.count, node)
      let stated =
        node.input(1) == nil
        ? node.int("k").map { [Dimension($0)] }
        : try graph.content(node, 1) ?? graph.integers(node, 1, "K").map { Dimension($0) }
      guard let stated, stated.count == 1 else { throw node.invalid("K is missing") }
      if let count = stated[0].constant, count < 0 || count > shape[axis].constant ?? count {
        throw node.invalid("K is \(count), the axis has \(shape[axis]) elements")
      }
      shape[axis] = stated[0]
      return [
        ValueType(type: try graph.type(node, 0), shape: shape),
        ValueType(type: .int64, shape: shape),
      ]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let axis = try axis(node.int("axis", -1), rank: x.shape.count, node)
      guard let count = optional(inputs, 1)?.ints.first ?? node.int("k"), count >= 0,
        count <= x.shape[axis]
      else { throw node.invalid("K is missing or outside 0...\(x.shape[axis])") }
      return try largest(x, axis: axis, count, isLargest: node.int("largest", 1) != 0)
    }, lower: Lowering.topK)

  private static func largest(_ x: Tensor, axis: Int, _ count: Int, isLargest: Bool) throws
    -> [Tensor]
  {
    let order = x.shape.indices.filter { $0 != axis } + [axis]
    let rows = x.transposed(order)
    let extent = x.shape[axis]
    let keys = rows.sortKeys
    var shape = rows.shape
    shape[shape.count - 1] = count
    let places = (0..<(extent == 0 ? 0 : rows.count / extent)).flatMap { row in
      (0..<extent).sorted { a, b in
        let (x, y) = (keys[row * extent + a], keys[row * extent + b])
        return x == y ? a < b : (x > y) == isLargest
      }.prefix(count).map { row * extent + $0 }
    }
    let back = x.shape.indices.map { order.firstIndex(of: $0) ?? 0 }
    let values = rows.reshaped([rows.count]).selecting(places, axis: 0).reshaped(shape)
    let indices = Tensor(places.map { Int64($0 % max(extent, 1)) }, shape: shape)
    return [values.transposed(back), indices.transposed(back)]
  }

  /// Indices of the elements that are not 0. <https://onnx.ai/onnx/operators/onnx__NonZero.html>
  private static let nonZero = Operator(
    "NonZero", opsets: 9...latestOpset,
    infer: { node, graph in
      let shape = try graph.shape(node, 0)
      let count = node.foundSize(graph, bound: shape.reduce(Dimension(1), *))
      return [ValueType(type: .int64, shape: [Dimension(shape.count), count])]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let hits = zip(Positions(x.shape), x.floats).filter { $0.1 != 0 }.map(\.0)
      let values = x.shape.indices.flatMap { axis in hits.map { Int64($0[axis]) } }
      return [Tensor(values, shape: [x.shape.count, hits.count])]
    }, lower: Lowering.nonZero)

  /// Slices along `axis`, or elements, where a condition holds.
  /// <https://onnx.ai/onnx/operators/onnx__Compress.html>
  private static let compress = Operator.composite("Compress", opsets: 9...latestOpset) {
    node, body in
    var data = try body.required(0)
    let found = try body.apply("NonZero", [try body.required(1)])
    let indices = try body.apply("Squeeze", [found, body.constant(ints: [0])])
    if node.int("axis") == nil {
      data = try body.apply("Reshape", [data, body.constant(ints: [-1])])
    }
    return [try body.apply("Gather", [data, indices], ["axis": .int(Int64(node.int("axis", 0)))])]
  }
}

extension Tensor {
  /// Integers in the order of the elements: NaN above all, zeros of either sign equal.
  var sortKeys: [Int64] {
    switch elements {
    case .integer(let values): values
    case .float(let values):
      values.map { value in
        if value.isNaN { return Int64.max }
        let magnitude = Int64(value.magnitude.bitPattern)
        return value < 0 ? -magnitude : magnitude
      }
    }
  }
}
