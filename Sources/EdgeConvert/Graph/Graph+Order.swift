extension Node {
  /// Everything the node reads: its inputs, then what its subgraphs capture.
  func reads(in graph: Graph, named ids: [String: ValueID]) -> [ValueID] {
    let captured = subgraphs.flatMap { subgraph in
      subgraph.captures.compactMap { ids[subgraph[$0].name] }
    }
    return inputs.compactMap { $0 } + captured
  }

  /// Graphs among the attributes.
  var subgraphs: [Graph] {
    attributes.values.flatMap { attribute -> [Graph] in
      switch attribute {
      case .graph(let graph): [graph]
      case .graphs(let graphs): graphs
      default: []
      }
    }
  }
}

extension Graph {
  /// The nodes with every producer before its consumers; otherwise in their present order.
  /// - Throws: `ConversionError.invalid` when nodes depend on each other in a circle.
  func topologicallySorted() throws -> [Node] {
    var producer: [ValueID: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for output in node.outputs.compactMap({ $0 }) { producer[output] = index }
    }
    let ids = nodes.contains { !$0.subgraphs.isEmpty } ? idsByName : [:]
    var consumers = Array(repeating: [Int](), count: nodes.count)
    var missing = Array(repeating: 0, count: nodes.count)
    for (index, node) in nodes.enumerated() {
      for source in Set(node.reads(in: self, named: ids).compactMap { producer[$0] }) {
        consumers[source].append(index)
        missing[index] += 1
      }
    }
    var ready = nodes.indices.filter { missing[$0] == 0 }.reversed() as [Int]
    var sorted: [Node] = []
    while let next = ready.popLast() {
      sorted.append(nodes[next])
      for consumer in consumers[next] {
        missing[consumer] -= 1
        if missing[consumer] == 0 {
          let place = ready.firstIndex { $0 < consumer } ?? ready.count
          ready.insert(consumer, at: place)
        }
      }
    }
    if let stuck = nodes.indices.first(where: { missing[$0] > 0 }) {
      throw ConversionError.invalid("node \"\(nodes[stuck].name)\" depends on its own output")
    }
    return sorted
  }

  /// Values by name.
  var idsByName: [String: ValueID] {
    var ids: [String: ValueID] = [:]
    for index in values.indices { ids[values[index].name] = ValueID(index: index) }
    return ids
  }
}
