import EdgeFormat

extension Plan {
  /// A size that a node finds in data: that of an axis of its first result.
  struct FoundSize: Sendable {
    var name: String
    /// Position in `nodes`.
    var node: Int
    var axis: Int
    var bound: Int
  }

  /// The sizes that the plan's nodes find, in the order of the nodes.
  var foundSizes: [FoundSize] {
    nodes.enumerated().flatMap { position, node -> [FoundSize] in
      guard node.opCode.findsSize, let result = node.outputs.first else { return [] }
      return self[result].dims.enumerated().compactMap { axis, size in
        guard let name = size.foundName, let bound = size.evaluated(sizes.bounds) else {
          return nil
        }
        return FoundSize(name: name, node: position, axis: axis, bound: bound)
      }
    }
  }
}

extension Node {
  /// The size that the node finds in its operands' data.
  func foundSize(_ graph: Graph, bound: Dimension) -> Dimension {
    let owner = output(0).map { graph[$0].name } ?? name
    return Dimension(found: "count of \(owner)", bound: bound)
  }
}
