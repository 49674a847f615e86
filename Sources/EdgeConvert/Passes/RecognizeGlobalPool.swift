extension Passes {
  /// A ReduceMean over all spatial axes is a GlobalAveragePool, followed by a Flatten when it drops
  /// them.
  static let recognizeGlobalPool: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep[position].op == "ReduceMean" {
      let node = sweep[position]
      guard let source = node.input(0), let rank = graph[source].shape?.count,
        rank == 3 || rank == 4,
        let type = graph[source].type, type.isFloat, let form = try? ReduceForm(node, graph),
        form.axes == Array(2..<rank)
      else { continue }
      var pool = Node(
        name: node.name, op: "GlobalAveragePool", opset: node.opset, inputs: [source],
        outputs: node.outputs)
      pool.absorbed = node.absorbed
      if form.keepsAxes {
        sweep.replace(position, by: pool)
      } else {
        pool.outputs = [sweep.value("\(node.name)/pooled")]
        sweep.insert([pool], before: position)
        sweep.replace(
          position,
          by: Node(
            name: "\(node.name)/flatten", op: "Flatten", opset: node.opset, inputs: pool.outputs,
            outputs: node.outputs))
      }
    }
    return sweep.finish()
  }
}
