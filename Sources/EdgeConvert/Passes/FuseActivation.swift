extension Passes {
  /// Relu, Clip and LeakyRelu become the epilogue of the Conv, ConvTranspose, Gemm or MatMul before
  /// them.
  static let fuseActivation: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) {
      let activation = sweep[position]
      guard let attributes = epilogueAttributes(activation, graph),
        let maker = sweep.privateProducer(of: activation.input(0), for: position),
        takesEpilogue(sweep[maker], graph)
      else { continue }
      let epilogue = Epilogue(sweep[maker])
      guard epilogue.activation == .none else { continue }
      if epilogue.residual != nil, activation.op == "LeakyRelu" { continue }
      var node = sweep[maker]
      node.attributes.merge(attributes) { $1 }
      node.outputs = activation.outputs
      node.absorb(activation)
      sweep.replace(maker, by: node)
      sweep.remove(position)
    }
    return sweep.finish()
  }

  /// A layer with constant weights.
  static func takesEpilogue(_ node: Node, _ graph: Graph) -> Bool {
    switch node.op {
    case "Conv", "ConvTranspose", "Gemm", "MatMul":
      return graph.constant(node, 1) != nil
        && (node.op != "Gemm" || node.input(2) == nil || graph.constant(node, 2) != nil)
    default: return false
    }
  }

  private static func epilogueAttributes(_ node: Node, _ graph: Graph) -> [String: Attribute]? {
    switch node.op {
    case "Relu": return ["edge.activation": .string("relu")]
    case "LeakyRelu":
      return [
        "edge.activation": .string("leaky_relu"), "edge.slope": .float(node.float("alpha", 0.01)),
      ]
    case "Clip":
      guard let range = try? ClipRange(node, graph), range.low <= range.high else { return nil }
      return [
        "edge.activation": .string("clip"), "edge.low": .float(range.low),
        "edge.high": .float(range.high),
      ]
    default: return nil
    }
  }
}
