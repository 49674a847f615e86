extension Passes {
  /// Replaces an If whose condition is known by the branch it takes.
  static let inlineIf: @Sendable (Graph) throws -> Graph? = { graph in
    guard
      let position = graph.nodes.firstIndex(where: { $0.op == "If" && graph.constant($0, 0) != nil }
      )
    else {
      return nil
    }
    let node = graph.nodes[position]
    let condition = graph.constant(node, 0)?.integers.first ?? 0
    guard case .graph(let branch) = node.attributes[condition != 0 ? "then_branch" : "else_branch"]
    else {
      throw node.invalid("the branch it takes is missing")
    }
    var result = graph
    let outer = graph.idsByName
    var taken = Set(graph.values.map(\.name))
    let captured = Set(branch.captures)
    var ids: [ValueID] = []
    for index in branch.values.indices {
      var value = branch.values[index]
      if captured.contains(ValueID(index: index)) {
        guard let id = outer[value.name] else {
          throw node.invalid("captures \"\(value.name)\", which is not known")
        }
        ids.append(id)
        continue
      }
      while !taken.insert(value.name).inserted { value.name = "\(node.name)/\(value.name)" }
      ids.append(result.add(value))
    }
    var inlined = branch.nodes.map { inner in
      var copy = inner
      copy.name = "\(node.name)/\(inner.name)"
      copy.inputs = inner.inputs.map { $0.map { ids[$0.index] } }
      copy.outputs = inner.outputs.map { $0.map { ids[$0.index] } }
      return copy
    }
    for (output, made) in zip(node.outputs, branch.outputs) {
      guard let output else { continue }
      inlined.append(
        Node(
          name: "\(node.name)/\(graph[output].name)", op: "Identity", opset: node.opset,
          inputs: [ids[made.index]],
          outputs: [output]))
    }
    result.nodes.replaceSubrange(position...position, with: inlined)
    return result
  }
}
