import EdgeFormat

extension Operator {
  /// The inputs one after the other along `axis`.
  /// <https://onnx.ai/onnx/operators/onnx__Concat.html>
  static let concat = Operator(
    "Concat", opsets: 4...latestOpset,
    infer: { node, graph in
      var shape = try graph.shape(node, 0)
      let axis = try axis(node.int("axis", 1), rank: shape.count, node)
      for index in node.inputs.indices.dropFirst() {
        let other = try graph.shape(node, index)
        guard other.count == shape.count else { throw node.invalid("operands differ in rank") }
        for place in shape.indices where place != axis {
          if let a = shape[place].constant, let b = other[place].constant, a != b {
            throw node.invalid("operands differ in axis \(place): \(a) and \(b)")
          }
          if shape[place].constant == nil { shape[place] = other[place] }
        }
        shape[axis] = shape[axis] + other[axis]
      }
      return [ValueType(type: try graph.type(node, 0), shape: shape)]
    },
    symbolic: { node, graph in
      var content: [Dimension] = []
      for index in node.inputs.indices {
        guard let part = graph.content(node, index) else { return nil }
        content += part
      }
      return content
    },
    evaluate: { node, inputs in
      let parts = try inputs.indices.map { try need(node, inputs, $0) }
      guard !parts.isEmpty else { throw node.invalid("has no operands") }
      let axis = try axis(node.int("axis", 1), rank: parts[0].shape.count, node)
      return [try concatenate(parts, axis: axis, node)]
    },
    quantize: .passThrough, lower: Lowering.concat)

  /// Tensors that differ in one axis, joined along it.
  static func concatenate(_ parts: [Tensor], axis: Int, _ node: Node) throws -> Tensor {
    var shape = parts[0].shape
    shape[axis] = 0
    for part in parts {
      guard part.shape.count == shape.count,
        part.shape.indices.allSatisfy({ $0 == axis || part.shape[$0] == shape[$0] })
      else { throw node.invalid("cannot join \(parts.map(\.shape)) along axis \(axis)") }
      shape[axis] += part.shape[axis]
    }
    let outer = shape.prefix(axis).reduce(1, *)
    let runs = parts.map { $0.shape.dropFirst(axis).reduce(1, *) }
    if case .float = parts[0].elements {
      return Tensor(interleave(parts.map(\.floats), runs, outer), shape: shape, type: parts[0].type)
    }
    return Tensor(interleave(parts.map(\.integers), runs, outer), shape: shape, type: parts[0].type)
  }

  private static func interleave<T>(_ parts: [[T]], _ runs: [Int], _ outer: Int) -> [T] {
    var result: [T] = []
    result.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for row in 0..<outer {
      for (part, run) in zip(parts, runs) {
        result.append(contentsOf: part[(row * run)..<((row + 1) * run)])
      }
    }
    return result
  }
}
