extension Passes {
  /// Removes nodes all of whose results inference has computed.
  static let foldConstants: @Sendable (Graph) throws -> Graph? = { graph in
    var folded = graph
    _ = Inference.run(&folded)
    let isFolded: (Node) -> Bool = { node in
      node.outputs.contains { $0 != nil }
        && node.outputs.allSatisfy { $0.map { folded[$0].constant != nil } ?? true }
    }
    folded.nodes = folded.nodes.filter { !isFolded($0) }
    return folded.nodes.count == graph.nodes.count ? nil : folded
  }
}
