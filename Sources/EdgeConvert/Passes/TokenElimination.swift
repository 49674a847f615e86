import EdgeFormat

/// Lets tokens leave an encoder on the way: from the second attention on, those that received least of it.
///
/// Attention-received elimination (Kachuee and Sharifkhani 2023): behind an attention's residual and the normalization of the sum,
/// `edge.KeepTokens` names the tokens that stay, and a Gather keeps their rows; whatever else later layers read for each
/// token, such as a mask, is gathered too. How many stay is a run-time size that an option of the run sets; all of them
/// make the model what it was, to the bit.
enum TokenElimination {
  /// Of how many in `allTokens` tokens stay at each elimination: the symbol that the caller of a run sets.
  static let symbol = "tokens.keep"

  /// The model with eliminations.
  /// - Parameter graph: canonical, every shape inferred.
  /// - Throws: `ConversionError.usage` when it has no attention among its own tokens, or one whose number is fixed.
  static func applied(to graph: Graph) throws -> Graph {
    var graph = graph
    let attentions = graph.nodes.filter { $0.op == "edge.Attention" }.map(\.name)
    guard attentions.count > 1 else {
      throw ConversionError.usage(
        "--tokens: the model has \(attentions.count) attentions among its own tokens; it needs two or more"
      )
    }
    for name in attentions.dropFirst() {
      try eliminate(after: name, &graph)
      let problems = Inference.run(&graph)
      guard problems.isEmpty else { throw ConversionError.obstacles(problems) }
    }
    return graph
  }

  /// Of how many in `allTokens` tokens stay where a run does not say.
  static func set(_ parts: Int, in graph: inout Graph) {
    for index in graph.nodes.indices where graph.nodes[index].op == "edge.KeepTokens" {
      graph.nodes[index].attributes["parts"] = .int(Int64(parts))
    }
  }

  private static func eliminate(after name: String, _ graph: inout Graph) throws {
    guard let position = graph.nodes.firstIndex(where: { $0.name == name }) else { return }
    let node = graph.nodes[position]
    let queries = try graph.shape(node, 0), keys = try graph.shape(node, 1)
    let size = queries[queries.count - 2]
    guard size == keys.last, size.constant == nil else {
      throw ConversionError.usage(
        "--tokens: '\(name)' is no attention among tokens of a run-time number; convert the model with a symbolic length"
      )
    }
    guard let last = residualSum(of: node, graph),
      let axis = graph[last].shape?.firstIndex(of: size)
    else {
      throw ConversionError.usage("--tokens: nothing adds a residual to what '\(name)' gives")
    }
    let received = graph.add(Value(name: "\(name)/received"))
    graph.nodes[position].outputs.append(received)
    let kept = graph.add(Value(name: "\(name)/kept"))
    var inserted = [
      Node(
        name: "\(name)/keep", op: "edge.KeepTokens", opset: Operator.latestOpset,
        inputs: [received], outputs: [kept])
    ]
    let readers = graph.readers(downstreamOf: last)
    func gathered(_ value: ValueID, _ axis: Int) -> ValueID {
      let part = graph.add(Value(name: "\(graph[value].name)/kept by \(name)"))
      inserted.append(
        Node(
          name: graph[part].name, op: "Gather", opset: Operator.latestOpset, inputs: [value, kept],
          outputs: [part], attributes: ["axis": .int(Int64(axis))]))
      return part
    }
    var replacement = [last: gathered(last, axis)]
    let own = Set(readers.flatMap { graph.nodes[$0].outputs.compactMap { $0 } })
    for value in Set(readers.flatMap { graph.nodes[$0].inputs.compactMap { $0 } }).sorted()
    where value != last && !own.contains(value) && graph[value].constant == nil {
      if let content = graph[value].symbolic {
        guard content.contains(size) else { continue }
        var copy = graph[value]
        copy.name += "/kept by \(name)"
        copy.symbolic = content.map { $0 == size ? count(of: size) : $0 }
        replacement[value] = graph.add(copy)
        continue
      }
      for (axis, found) in (graph[value].shape ?? []).enumerated() where found == size {
        replacement[value] = gathered(replacement[value] ?? value, axis)
      }
    }
    for reader in readers {
      graph.nodes[reader].inputs = graph.nodes[reader].inputs.map {
        $0.map { replacement[$0] ?? $0 }
      }
      for output in graph.nodes[reader].outputs.compactMap({ $0 }) { graph.forget(output) }
    }
    graph.nodes = try graph.topologicallySorted(adding: inserted)
  }

  /// How many of so many tokens stay.
  static func count(of size: Dimension) -> Dimension {
    (size * Dimension(symbol: symbol) + Dimension(allTokens - 1)) / Dimension(allTokens)
  }

  /// The sum of a residual and what a node gives, behind the normalization that alone reads it.
  private static func residualSum(of node: Node, _ graph: Graph) -> ValueID? {
    var value = node.output(0)
    var hasSum = false
    while let current = value, !graph.outputs.contains(current) {
      let readers = graph.nodes.filter { $0.inputs.contains(current) }
      guard readers.count == 1, let reader = readers.first else { return hasSum ? current : nil }
      if hasSum { return reader.op == "edge.Normalization" ? reader.output(0) : current }
      hasSum =
        reader.int("edge.residual") != nil
        || reader.op == "Add"
          && reader.inputs.allSatisfy { $0.map { graph[$0].constant == nil } ?? false }
      value = reader.output(0)
    }
    return hasSum ? value : nil
  }
}

extension Graph {
  /// Positions of the nodes that read a value or anything made of it.
  fileprivate func readers(downstreamOf value: ValueID) -> [Int] {
    var made: Set<ValueID> = [value]
    return nodes.indices.filter { position in
      guard nodes[position].inputs.contains(where: { $0.map(made.contains) ?? false }) else {
        return false
      }
      made.formUnion(nodes[position].outputs.compactMap { $0 })
      return true
    }
  }

  /// Forgets what was inferred of a value.
  fileprivate mutating func forget(_ value: ValueID) {
    self[value].shape = nil
    self[value].symbolic = nil
  }

  fileprivate func topologicallySorted(adding added: [Node]) throws -> [Node] {
    var graph = self
    graph.nodes += added
    return try graph.topologicallySorted()
  }
}
