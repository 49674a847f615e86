extension Passes {
  /// Removes nodes all of whose results inference has computed, as constants or from the sizes of
  /// inputs and states.
  static let foldConstants: @Sendable (Graph) throws -> Graph? = { graph in
    var folded = graph
    _ = Inference.run(&folded)
    let known = folded.callerSymbols
    let isFolded: (Node) -> Bool = { node in
      node.outputs.contains { $0 != nil }
        && node.outputs.allSatisfy { $0.map { folded[$0].isComputed(from: known) } ?? true }
    }
    folded.nodes = folded.nodes.filter { !isFolded($0) }
    return folded.nodes.count == graph.nodes.count ? nil : folded
  }
}

extension Graph {
  /// The run-time sizes that are known when a run begins.
  var callerSymbols: Set<String> {
    Set((inputs + states.map(\.input)).flatMap { self[$0].shape ?? [] }.flatMap(\.symbols))
  }
}

extension Value {
  /// Whether the content is known: a constant, or made of these run-time sizes.
  fileprivate func isComputed(from symbols: Set<String>) -> Bool {
    if constant != nil { return true }
    return symbolic?.allSatisfy { $0.symbols.isSubset(of: symbols) } ?? false
  }
}
