import EdgeFormat

/// The operators of the runtime: an exhaustive switch, so that an operator without an implementation does not build.
enum OperatorTable {
  /// Throws unless the node's operands, types, sizes and parameters fit together: what `run` then relies on.
  /// Called once at validation with the bounds of dynamic axes, and again whenever sizes change.
  static func check(_ node: NodeView) throws(EdgeError) {
    switch node.opCode {
    case .lookup: try Lookup.check(node)
    case .exit, .skip:
      throw EdgeError(
        .featureUnsupported, "early exits and skips need a newer runtime: convert without them"
      ).at(section: .nodes, node: node.index)
    default: throw node.corrupt("todo")
    }
  }

  /// Scratch that the node wants, in bytes per thread, at the sizes it has now.
  static func workspaceBytes(_ node: NodeView) -> Int {
    switch node.opCode {
    case .lookup: 0
    default: 0
    }
  }

  /// Computes the node's outputs.
  static func run(_ node: NodeView, _ context: RunContext) throws(EdgeError) {
    switch node.opCode {
    case .lookup: Lookup.run(node, context)
    default: break
    }
  }
}
