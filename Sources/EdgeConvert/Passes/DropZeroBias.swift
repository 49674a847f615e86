extension Passes {
  /// A layer loses a bias of zeros.
  static let dropZeroBias: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions
    where ["Conv", "ConvTranspose", "MatMul", "Gemm"].contains(sweep[position].op) {
      var node = sweep[position]
      guard let bias = graph.constant(node, 2), node.int("edge.residual") != 2,
        bias.floats.allSatisfy({ $0 == 0 })
      else { continue }
      node.inputs[2] = nil
      while node.inputs.count > 2, node.inputs[node.inputs.count - 1] == nil {
        node.inputs.removeLast()
      }
      sweep.replace(position, by: node)
    }
    return sweep.finish()
  }
}
