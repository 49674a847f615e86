import EdgeFormat

extension Graph {
  /// Values through which everything that a run still has to compute passes, in order: between the blocks of a
  /// residual network.
  ///
  /// What no weights have worked on (attention masks) may pass beside them.
  func cutPoints() -> [ValueID] {
    var lastRead: [ValueID: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for case let input? in node.inputs { lastRead[input] = position }
    }
    for output in outputs { lastRead[output] = nodes.count }
    var isWeighted: Set<ValueID> = []
    var crossing: Set<ValueID> = []
    var found: [ValueID] = []
    for (position, node) in nodes.enumerated() {
      let reads = node.inputs.compactMap { $0 }
      let hasWeights = reads.contains { (self[$0].constant?.count ?? 0) > 16 }
      for case let output? in node.outputs
      where hasWeights || reads.contains(where: isWeighted.contains) {
        isWeighted.insert(output)
        if lastRead[output] ?? -1 > position { crossing.insert(output) }
      }
      crossing = crossing.filter { lastRead[$0] ?? -1 > position }
      if crossing.count == 1, let only = crossing.first, node.outputs.contains(only),
        !outputs.contains(only)
      {
        found.append(only)
      }
    }
    return found
  }
}
