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
      [ValueType(type: try graph.type(node, 0), shape: try graph.shape(node, 1))]
    },
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      let axis = try axis(node.int("axis", 0), rank: data.shape.count, node)
      let own = rowMajorStrides(data.shape)
      var places: [Int] = []
      for (position, index) in zip(Positions(indices.shape), indices.ints) {
        var from = 0
        for place in position.indices where place != axis { from += position[place] * own[place] }
        places.append(from + (try place(index, data.shape[axis], node)) * own[axis])
      }
      return [data.reshaped([data.count]).selecting(places, axis: 0).reshaped(indices.shape)]
    }, lower: nil)

  /// Slices of data at index tuples. <https://onnx.ai/onnx/operators/onnx__GatherND.html>
  private static let gatherND = Operator(
    "GatherND", opsets: 11...latestOpset,
    infer: { node, graph in
      let data = try graph.shape(node, 0)
      let indices = try graph.shape(node, 1)
      let batch = node.int("batch_dims", 0)
      guard let depth = indices.last?.constant, batch + depth <= data.count else {
        throw node.invalid("indices do not fit the data")
      }
      return [
        ValueType(
          type: try graph.type(node, 0), shape: indices.dropLast() + data.dropFirst(batch + depth))
      ]
    },
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      let batch = node.int("batch_dims", 0)
      guard let depth = indices.shape.last, depth > 0, batch + depth <= data.shape.count else {
        throw node.invalid("indices do not fit the data")
      }
      let inner = data.shape.dropFirst(batch + depth).reduce(1, *)
      let perBatch = data.shape.dropFirst(batch).prefix(depth)
      let batches = data.shape.prefix(batch).reduce(1, *)
      let tuples = indices.ints
      let count = tuples.count / depth
      let places = try (0..<count).map { tuple -> Int in
        var from = tuple / max(count / max(batches, 1), 1)
        for (axis, extent) in perBatch.enumerated() {
          from = from * extent + (try place(tuples[tuple * depth + axis], extent, node))
        }
        return from
      }
      let rows = data.reshaped([data.count / max(inner, 1), inner])
      return [
        rows.selecting(places, axis: 0).reshaped(
          indices.shape.dropLast() + data.shape.dropFirst(batch + depth))
      ]
    }, lower: nil)

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
