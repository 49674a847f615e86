import EdgeFormat

extension Operator {
  static let gathers: [Operator] = [gather, gatherElements, gatherND]

  /// Slices of data along `axis`, in the order of the indices.
  /// <https://onnx.ai/onnx/operators/onnx__Gather.html>
  private static let gather = Operator(
    "Gather", opsets: 1...latestOpset,
    infer: { node, graph in
      let data = try graph.shape(node, 0)
      let indices = try graph.shape(node, 1)
      let axis = try axis(node.int("axis", 0), rank: data.count, node)
      return [
        ValueType(
          type: try graph.type(node, 0),
          shape: data.prefix(axis) + indices + data.dropFirst(axis + 1))
      ]
    },
    symbolic: { node, graph in
      guard let content = graph.content(node, 0), graph.operand(node, 0)?.shape?.count == 1,
        let places = graph.content(node, 1)?.compactMap(\.constant),
        places.count == graph.content(node, 1)?.count
      else { return nil }
      let resolved = places.map { $0 < 0 ? $0 + content.count : $0 }
      return resolved.allSatisfy(content.indices.contains) ? resolved.map { content[$0] } : nil
    },
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      let axis = try axis(node.int("axis", 0), rank: data.shape.count, node)
      let places = try indices.ints.map { try place($0, data.shape[axis], node) }
      let shape = data.shape.prefix(axis) + indices.shape + data.shape.dropFirst(axis + 1)
      return [data.selecting(places, axis: axis).reshaped(Array(shape))]
    },
    quantize: .passThrough, lower: Lowering.gather)

  /// y[i][j] = data[index[i][j]][j] along `axis`.
  /// <https://onnx.ai/onnx/operators/onnx__GatherElements.html>
  private static let gatherElements = Operator(
    "GatherElements", opsets: 11...latestOpset,
    infer: { node, graph in
      try checkElements(node, graph.shape(node, 0), graph.shape(node, 1))
      return [ValueType(type: try graph.type(node, 0), shape: try graph.shape(node, 1))]
    },
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      let places = try elementPlaces(node, data, indices)
      return [data.reshaped([data.count]).selecting(places, axis: 0).reshaped(indices.shape)]
    },
    quantize: .passThrough, lower: Lowering.gatherElements)

  /// Slices of data at index tuples. <https://onnx.ai/onnx/operators/onnx__GatherND.html>
  private static let gatherND = Operator(
    "GatherND", opsets: 11...latestOpset,
    infer: { node, graph in
      let form = try TupleForm(
        node, data: graph.shape(node, 0), indices: graph.shape(node, 1),
        batch: node.int("batch_dims", 0))
      return [ValueType(type: try graph.type(node, 0), shape: form.rowsShape)]
    },
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      let batch = node.int("batch_dims", 0)
      let places = try tuplePlaces(node, data, indices, batch: batch).flatMap { $0 }
      let form = try TupleForm(
        node, data: data.shape.map { Dimension($0) }, indices: indices.shape.map { Dimension($0) },
        batch: batch)
      return [
        data.reshaped([data.count]).selecting(places, axis: 0)
          .reshaped(form.rowsShape.compactMap(\.constant))
      ]
    },
    quantize: .passThrough, lower: Lowering.gatherND)

  /// Throws unless indices of GatherElements and its kin fit the data.
  static func checkElements(_ node: Node, _ data: [Dimension], _ indices: [Dimension]) throws {
    let along = try axis(node.int("axis", 0), rank: data.count, node)
    let fits = data.indices.allSatisfy { place in
      guard place != along, place < indices.count, let most = data[place].constant,
        let count = indices[place].constant
      else { return true }
      return count <= most
    }
    guard indices.count == data.count, fits else {
      throw node.invalid("indices \(indices) do not fit \(data)")
    }
  }

  /// The elements, in row-major counting, that indices along the node's axis name.
  static func elementPlaces(_ node: Node, _ data: Tensor, _ indices: Tensor) throws -> [Int] {
    try checkElements(
      node, data.shape.map { Dimension($0) }, indices.shape.map { Dimension($0) })
    let axis = try axis(node.int("axis", 0), rank: data.shape.count, node)
    let own = rowMajorStrides(data.shape)
    return try zip(Positions(indices.shape), indices.ints).map { position, index in
      let chosen = try place(index, data.shape[axis], node)
      return position.indices.reduce(0) { $0 + ($1 == axis ? chosen : position[$1]) * own[$1] }
    }
  }

  /// The elements, in row-major counting, of the row that each index tuple names.
  static func tuplePlaces(_ node: Node, _ data: Tensor, _ indices: Tensor, batch: Int) throws
    -> [Range<Int>]
  {
    let form = try TupleForm(
      node, data: data.shape.map { Dimension($0) }, indices: indices.shape.map { Dimension($0) },
      batch: batch)
    let inner = data.shape.dropFirst(batch + form.depth).reduce(1, *)
    let tuples = indices.ints
    let count = tuples.count / form.depth
    let perBatch = count / max(data.shape.prefix(batch).reduce(1, *), 1)
    return try (0..<count).map { tuple in
      var from = tuple / max(perBatch, 1)
      for axis in 0..<form.depth {
        let extent = data.shape[batch + axis]
        from = from * extent + (try place(tuples[tuple * form.depth + axis], extent, node))
      }
      return from * inner..<(from + 1) * inner
    }
  }

  /// An index, negative ones from the end.
  /// - Throws: `ConversionError.invalid` outside the axis.
  static func place(_ index: Int, _ extent: Int, _ node: Node) throws -> Int {
    let positive = index < 0 ? index + extent : index
    guard positive >= 0, positive < extent else {
      throw node.invalid("index \(index) is outside 0..<\(extent)")
    }
    return positive
  }
}

/// All index tuples of a shape, last axis fastest.
struct Positions: Sequence, IteratorProtocol {
  private let shape: [Int]
  private var current: [Int]?

  init(_ shape: [Int]) {
    self.shape = shape
    current = shape.contains(0) ? nil : Array(repeating: 0, count: shape.count)
  }

  mutating func next() -> [Int]? {
    guard let result = current else { return nil }
    var following = result
    for axis in shape.indices.reversed() {
      following[axis] += 1
      if following[axis] < shape[axis] {
        current = following
        return result
      }
      following[axis] = 0
    }
    current = nil
    return result
  }
}

/// How index tuples lie over data: after `batch` axes that both share, a tuple names one row.
struct TupleForm {
  /// Axes that a tuple indexes.
  let depth: Int
  /// Shape of all rows.
  let rowsShape: [Dimension]

  /// - Throws: `ConversionError.invalid` when they do not fit.
  init(_ node: Node, data: [Dimension], indices: [Dimension], batch: Int = 0) throws {
    guard batch >= 0, batch < indices.count, let depth = indices.last?.constant, depth > 0,
      depth <= data.count, batch <= data.count - depth,
      zip(data, indices).prefix(batch).allSatisfy({ a, b in
        a == b || a.constant == nil || b.constant == nil
      })
    else { throw node.invalid("indices \(indices) do not fit data \(data)") }
    self.depth = depth
    rowsShape = indices.dropLast() + data.dropFirst(batch + depth)
  }
}
