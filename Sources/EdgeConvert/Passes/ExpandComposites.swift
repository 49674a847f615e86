extension Passes {
  /// Replaces composites by the nodes of their bodies.
  ///
  /// One that refuses, or whose operands are not known yet, stays; `Check` then says why.
  static let expandComposites: @Sendable (Graph) throws -> Graph? = { graph in
    try expand(graph, \.body)
  }

  /// Replaces forms of operators that have no kernel by the nodes of `Operator.rewrite`.
  static let rewriteForms: @Sendable (Graph) throws -> Graph? = { graph in
    try expand(graph, \.rewrite)
  }

  private static func expand(_ graph: Graph, _ body: (Operator) -> Operator.Body?) throws -> Graph?
  {
    guard graph.nodes.contains(where: { Operator.of($0).flatMap(body) != nil }) else { return nil }
    var expansion = Expansion(graph)
    for node in graph.nodes { try expansion.visit(node, body) }
    return expansion.finish()
  }
}
