/// Sets of values that share one scale and zero point, because an INT8 node moves elements from one to the other.
struct ParameterGroups {
  private var parent: [Int]

  init(graph: Graph, rules: [QuantizeRule], choices: [PrecisionChoice]) {
    parent = Array(graph.values.indices)
    for (position, node) in graph.nodes.enumerated() where choices[position].precision == .int8 {
      guard case .passThrough = rules[position] else { continue }
      let moved = node.activations(rules[position]) + node.outputs.compactMap { $0 }
      for value in moved.dropFirst() { join(moved[0].index, value.index) }
    }
  }

  /// The value that stands for the group of another: its member of smallest index.
  func representative(_ value: ValueID) -> ValueID {
    var index = value.index
    while parent[index] != index { index = parent[index] }
    return ValueID(index: index)
  }

  private mutating func join(_ a: Int, _ b: Int) {
    let x = representative(ValueID(index: a)).index
    let y = representative(ValueID(index: b)).index
    parent[Swift.max(x, y)] = Swift.min(x, y)
    parent[a] = Swift.min(x, y)
    parent[b] = Swift.min(x, y)
  }
}
