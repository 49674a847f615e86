extension Passes {
  /// An Add of a Conv's or MatMul's output and another value of the same shape becomes part of the Conv, which
  /// moves to the place of the Add.
  ///
  /// A Conv that clips at other bounds than 0 first is left alone: no kernel clips before it adds.
  static let fuseResidual: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) && sweep[position].op == "Add" {
      let sum = sweep[position]
      guard let a = sum.input(0), let b = sum.input(1), a != b, sum.inputs.count == 2,
        graph[a].shape != nil,
        graph[a].shape == graph[b].shape
      else { continue }
      let candidates = [(a, b), (b, a)].compactMap { own, other -> (Int, ValueID)? in
        guard graph[other].constant == nil,
          let maker = sweep.privateProducer(of: own, for: position),
          takesResidual(sweep[maker], graph)
        else { return nil }
        return (maker, other)
      }
      guard let (maker, other) = candidates.max(by: { $0.0 < $1.0 }) else { continue }
      var node = sweep[maker]
      while node.inputs.count < 3 { node.inputs.append(nil) }
      node.attributes["edge.residual"] = .int(Int64(node.inputs.count))
      node.attributes["edge.residual_first"] = .int(Epilogue(node).activation == .none ? 1 : 0)
      node.inputs.append(other)
      node.outputs = sum.outputs
      node.absorb(sum)
      sweep.replace(position, by: node)
      sweep.remove(maker)
    }
    return sweep.finish()
  }

  private static func takesResidual(_ node: Node, _ graph: Graph) -> Bool {
    guard node.op == "Conv" || node.op == "MatMul", takesEpilogue(node, graph),
      graph.constant(node, 1).map({ $0.shape.count <= 4 }) == true
    else { return false }
    let epilogue = Epilogue(node)
    guard epilogue.residual == nil else { return false }
    switch epilogue.activation {
    case .none, .leakyRelu: return true
    case .clamp(let low, let high): return low == 0 && high == .infinity
    }
  }
}
