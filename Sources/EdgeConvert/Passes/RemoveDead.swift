extension Passes {
  /// Removes nodes whose results nobody reads, forgets optional results nobody reads, and frees
  /// unused constants.
  static let removeDead: @Sendable (Graph) throws -> Graph? = { graph in
    var live = Set(graph.results)
    var kept: [Node] = []
    var changed = false
    let names = graph.nodes.contains { !$0.subgraphs.isEmpty } ? graph.idsByName : [:]
    for node in graph.nodes.reversed() {
      guard node.outputs.contains(where: { $0.map(live.contains) ?? false }) else {
        changed = true
        continue
      }
      var trimmed = node
      for index in node.outputs.indices.dropFirst() {
        if let output = node.outputs[index], !live.contains(output) {
          trimmed.outputs[index] = nil
          changed = true
        }
      }
      while trimmed.outputs.count > 1, trimmed.outputs[trimmed.outputs.count - 1] == nil {
        trimmed.outputs.removeLast()
      }
      live.formUnion(node.reads(in: graph, named: names))
      kept.append(trimmed)
    }
    if !changed { return nil }
    var result = graph
    result.nodes = kept.reversed()
    for index in result.values.indices where !live.contains(ValueID(index: index)) {
      result.values[index].constant = nil
    }
    return result
  }
}
