import EdgeFormat

/// Copies of data with elements replaced, or combined by `reduction`.
extension Operator {
  static let scatters: [Operator] = [
    scatterND, elements("ScatterElements", 11...latestOpset), elements("Scatter", 9...10),
  ]

  /// Slices of data at index tuples. <https://onnx.ai/onnx/operators/onnx__ScatterND.html>
  private static let scatterND = Operator(
    "ScatterND", opsets: 11...latestOpset, check: checkReduction,
    infer: { node, graph in
      let form = try TupleForm(node, data: graph.shape(node, 0), indices: graph.shape(node, 1))
      guard try graph.shape(node, 2).count == form.rowsShape.count else {
        throw node.invalid("updates \(try graph.shape(node, 2)) are not \(form.rowsShape)")
      }
      return try sameAsInput(node, graph)
    },
    evaluate: { node, inputs in
      let data = try need(node, inputs, 0)
      let indices = try need(node, inputs, 1)
      let places = try tuplePlaces(node, data, indices, batch: 0).flatMap { $0 }
      return [try scatter(node, data, places, need(node, inputs, 2))]
    },
    quantize: .passThrough, lower: Lowering.scatterND)

  /// data[index[i][j]][j] = updates[i][j] along `axis`.
  /// <https://onnx.ai/onnx/operators/onnx__ScatterElements.html>
  private static func elements(_ name: String, _ opsets: ClosedRange<Int>) -> Operator {
    Operator(
      name, opsets: opsets, check: checkReduction,
      infer: { node, graph in
        try checkElements(node, graph.shape(node, 0), graph.shape(node, 1))
        guard try graph.shape(node, 2).count == graph.shape(node, 1).count else {
          throw node.invalid("indices and updates differ in rank")
        }
        return try sameAsInput(node, graph)
      },
      evaluate: { node, inputs in
        let data = try need(node, inputs, 0)
        let places = try elementPlaces(node, data, need(node, inputs, 1))
        return [try scatter(node, data, places, need(node, inputs, 2))]
      },
      quantize: .passThrough, lower: Lowering.scatterElements)
  }

  @Sendable private static func checkReduction(_ node: Node, _ graph: Graph) -> [Obstacle] {
    do {
      let reduction = try scatterReduction(node)
      guard graph.operand(node, 0)?.type == .bool, reduction != .none else { return [] }
      return [node.obstacle("combines bools", remedy: "scatter int32 and cast")]
    } catch {
      return [node.obstacle("\(error)", remedy: "use none, add, mul, max or min")]
    }
  }

  /// How a scatter writes.
  /// - Throws: `ConversionError.invalid` for a word that ONNX does not have.
  static func scatterReduction(_ node: Node) throws -> ScatterReduction {
    switch node.string("reduction") ?? "none" {
    case "none": return .none
    case "add": return .add
    case "mul": return .multiply
    case "max": return .maximum
    case "min": return .minimum
    case let other: throw node.invalid("reduction \"\(other)\" does not exist")
    }
  }

  private static func scatter(_ node: Node, _ data: Tensor, _ places: [Int], _ updates: Tensor)
    throws -> Tensor
  {
    guard updates.count == places.count else {
      throw node.invalid("\(updates.count) updates for \(places.count) places")
    }
    let reduction = try scatterReduction(node)
    var result = data
    switch (data.elements, updates.elements) {
    case (.float(var values), .float(let news)):
      for (place, value) in zip(places, news) {
        let old = values[place]
        values[place] =
          switch reduction {
          case .none: value
          case .add: old + value
          case .multiply: old * value
          case .maximum: old > value || old.isNaN ? old : value
          case .minimum: old < value || old.isNaN ? old : value
          }
      }
      result.elements = .float(values)
    case (.integer(var values), .integer(let news)):
      for (place, value) in zip(places, news) {
        let old = values[place]
        values[place] =
          switch reduction {
          case .none: value
          case .add: old &+ value
          case .multiply: old &* value
          case .maximum: max(old, value)
          case .minimum: min(old, value)
          }
      }
      result.elements = .integer(wrap(values, to: data.type))
    default: throw node.invalid("mixes \(data.type) and \(updates.type) operands")
    }
    return result
  }
}
