extension Passes {
  /// A Gemm by constants between a Reshape of rows to a matrix and one back becomes a MatMul of the rows as they were:
  /// exporters and optimizers write the products of encoders so.
  static let unflattenProducts: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) && sweep[position].op == "Gemm" {
      let gemm = sweep[position]
      guard gemm.int("transA", 0) == 0, gemm.float("alpha", 1) == 1, gemm.float("beta", 1) == 1,
        Epilogue(gemm) == Epilogue(activation: .none), let flat = gemm.input(0),
        let flattener = sweep.producer(of: flat), sweep[flattener].op == "Reshape",
        let x = sweep[flattener].input(0), let shape = graph[x].shape, shape.count > 2,
        let b = gemm.input(1), graph[b].grid == nil, let matrix = graph[b].constant,
        let restorer = sweep.soleReader(of: gemm.output(0)), sweep[restorer].op == "Reshape",
        let y = sweep[restorer].output(0), let restored = graph[y].shape
      else { continue }
      let weights = gemm.int("transB", 0) == 0 ? matrix : matrix.permuted([1, 0])
      let columns = weights.shape[1]
      guard shape.last == Dimension(weights.shape[0]),
        restored == shape.dropLast() + [Dimension(columns)]
      else { continue }
      var inputs: [ValueID?] = [x, sweep.constant("\(graph[b].name)/rows", weights)]
      if let c = gemm.input(2) {
        guard let bias = graph[c].constant, bias.count == 1 || bias.count == columns else {
          continue
        }
        let row = bias.broadcast(to: [1, columns]).reshaped([columns])
        inputs.append(sweep.constant("\(graph[c].name)/row", row))
      }
      var node = Node(
        name: gemm.name, op: "MatMul", opset: Operator.latestOpset, inputs: inputs,
        outputs: sweep[restorer].outputs)
      node.absorbed = gemm.absorbed
      node.absorb(sweep[restorer])
      sweep.replace(restorer, by: node)
      sweep.remove(position)
    }
    return sweep.finish()
  }
}
