/// The nodes that compute a state from what it was before, in which rounding adds up from run to
/// run.
struct StateCycles {
  /// Positions of the nodes.
  let nodes: Set<Int>

  /// - Parameters:
  ///   - graph: with its states.
  ///   - uses: of the graph.
  init(_ graph: Graph, uses: Uses) {
    var nodes: Set<Int> = []
    for state in graph.states {
      let after = StateCycles.reached(from: state.input) { value in
        uses.readers[value.index].map { ($0, graph.nodes[$0].outputs) }
      }
      let before = StateCycles.reached(from: state.output) { value in
        uses.producer[value.index].map { [($0, graph.nodes[$0].inputs)] } ?? []
      }
      nodes.formUnion(after.intersection(before))
    }
    self.nodes = nodes
  }

  /// The nodes that `next` leads to from a value, each with the values to go on from.
  private static func reached(
    from start: ValueID, _ next: (ValueID) -> [(node: Int, values: [ValueID?])]
  ) -> Set<Int> {
    var found: Set<Int> = []
    var open = [start]
    while let value = open.popLast() {
      for (node, values) in next(value) where found.insert(node).inserted {
        open += values.compactMap { $0 }
      }
    }
    return found
  }
}
