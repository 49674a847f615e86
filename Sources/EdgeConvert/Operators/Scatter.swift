import EdgeFormat

/// Copies of data with elements replaced, or combined by `reduction`.
extension Operator {
  static let scatters: [Operator] = [
    scatterND, elements("ScatterElements", 11...latestOpset), elements("Scatter", 9...10),
  ]

  /// Slices of data at index tuples. <https://onnx.ai/onnx/operators/onnx__ScatterND.html>
  private static let scatterND = Operator(
    "ScatterND", opsets: 11...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      guard let depth = indices.shape.last, depth > 0, depth <= data.shape.count else {
        throw node.invalid("indices do not fit the data")
      }
      let inner = data.shape.dropFirst(depth).reduce(1, *)
      let tuples = indices.ints
      var places: [Int] = []
      for tuple in stride(from: 0, to: tuples.count, by: depth) {
        var from = 0
        for axis in 0..<depth {
          from = from * data.shape[axis] + (try place(tuples[tuple + axis], data.shape[axis], node))
        }
        places += (0..<inner).map { from * inner + $0 }
      }
      return [try scatter(node, data, places, need(node, inputs, 2))]
    }, lower: nil)

  /// data[index[i][j]][j] = updates[i][j] along `axis`.
  /// <https://onnx.ai/onnx/operators/onnx__ScatterElements.html>
  private static func elements(_ name: String, _ opsets: ClosedRange<Int>) -> Operator {
    Operator(
      name, opsets: opsets, infer: sameAsInput,
      evaluate: { node, inputs in
        let data = try need(node, inputs, 0)
        let indices = try need(node, inputs, 1)
        let axis = try axis(node.int("axis", 0), rank: data.shape.count, node)
        let own = rowMajorStrides(data.shape)
        guard indices.shape.count == data.shape.count,
          data.shape.indices.allSatisfy({ $0 == axis || indices.shape[$0] <= data.shape[$0] })
        else { throw node.invalid("indices \(indices.shape) do not fit \(data.shape)") }
        let places = try zip(Positions(indices.shape), indices.ints).map { position, index -> Int in
          let resolved = try place(index, data.shape[axis], node)
          return position.indices.reduce(0) {
            $0 + ($1 == axis ? resolved : position[$1]) * own[$1]
          }
        }
        return [try scatter(node, data, places, need(node, inputs, 2))]
      }, lower: nil)
  }

  private static func scatter(_ node: Node, _ data: Tensor, _ places: [Int], _ updates: Tensor)
    throws -> Tensor
  {
    guard updates.count == places.count else {
      throw node.invalid("\(updates.count) updates for \(places.count) places")
    }
    var result = data
    switch (data.elements, updates.elements) {
    case (.float(var values), .float(let news)):
      for (place, value) in zip(places, news) {
        values[place] = try combined(node, values[place], value)
      }
      result.elements = .float(values)
    case (.integer(var values), .integer(let news)):
      for (place, value) in zip(places, news) {
        values[place] = Int64(
          clamping: Double(try combined(node, Double(values[place]), Double(value))))
      }
      result.elements = .integer(values)
    default: throw node.invalid("mixes \(data.type) and \(updates.type) operands")
    }
    return result
  }

  private static func combined<Real: BinaryFloatingPoint>(_ node: Node, _ old: Real, _ new: Real)
    throws -> Real
  {
    switch node.string("reduction") ?? "none" {
    case "none": return new
    case "add": return old + new
    case "mul": return old * new
    case "max": return max(old, new)
    case "min": return min(old, new)
    case let other: throw node.invalid("reduction \"\(other)\" does not exist")
    }
  }
}
