extension Passes {
  /// Replaces composites by the nodes of their bodies.
  ///
  /// One that refuses, or whose operands are not known yet, stays; `Check` then says why.
  static let expandComposites: @Sendable (Graph) throws -> Graph? = { graph in
    guard graph.nodes.contains(where: { Operator.of($0)?.body != nil }) else { return nil }
    var expansion = Expansion(graph)
    for node in graph.nodes { try expansion.visit(node) }
    return expansion.finish()
  }
}
