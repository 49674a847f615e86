extension Lowering {
  /// The error for a node form that has no lowering.
  func unsupported(_ node: Node, _ problem: String, remedy: String) -> ConversionError {
    .obstacles([
      Obstacle(node: node.name, op: node.op, opset: node.opset, problem: problem, remedy: remedy)
    ])
  }

  /// Input `index` of a node.
  /// - Throws: `ConversionError.invalid` when it is absent.
  func input(_ node: Node, _ index: Int) throws -> ValueID {
    guard index < node.inputs.count, let value = node.inputs[index] else {
      throw ConversionError.invalid(
        "node '\(node.name)' (\(node.op)) has \(node.inputs.count) inputs; input \(index) is required"
      )
    }
    return value
  }

  /// Output `index` of a node.
  /// - Throws: `ConversionError.invalid` when it is absent.
  func output(_ node: Node, _ index: Int = 0) throws -> ValueID {
    guard index < node.outputs.count, let value = node.outputs[index] else {
      throw ConversionError.invalid(
        "node '\(node.name)' (\(node.op)) has \(node.outputs.count) outputs; output \(index) is required"
      )
    }
    return value
  }

  /// The constant content of an optional input, or nil when the input is absent.
  /// - Throws: an obstacle when it is computed at run time.
  func constantInput(_ node: Node, _ index: Int) throws -> Tensor? {
    guard index < node.inputs.count, let value = node.inputs[index] else { return nil }
    guard let tensor = graph[value].constant else {
      throw unsupported(
        node, "input \(index) ('\(graph[value].name)') is computed at run time",
        remedy: "make it a constant (initializer) before conversion")
    }
    return tensor
  }
}
