extension Passes {
  /// A BatchNormalization that folds into nothing becomes a depthwise convolution with a window of
  /// one element, which takes an activation and runs in INT8; of other ranks than 3 and 4, a Mul
  /// and an Add.
  static let lowerBatchNorm: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions
    where sweep.isFresh(position) && sweep[position].op == "BatchNormalization" {
      let node = sweep[position]
      let operands = node.inputs.map { $0.flatMap { graph[$0].constant } }
      guard let source = node.input(0), let shape = graph[source].shape,
        let affine = try? ChannelAffine(batchNormalization: node, operands), node.output(1) == nil
      else { continue }
      let count = affine.scale.count
      let ones = [Int](repeating: 1, count: max(shape.count - 2, 0))
      var replacement = node
      if shape.count == 3 || shape.count == 4 {
        replacement.op = "Conv"
        replacement.inputs = [
          source,
          sweep.constant("\(node.name)/scale", Tensor(affine.scale, shape: [count, 1] + ones)),
          sweep.constant("\(node.name)/shift", Tensor(affine.shift, shape: [count])),
        ]
        replacement.attributes = ["group": .int(Int64(count))]
      } else {
        let scaled = sweep.value("\(node.name)/scaled")
        let scale = sweep.constant(
          "\(node.name)/scale", Tensor(affine.scale, shape: [count] + ones))
        sweep.insert(
          [
            Node(
              name: "\(node.name)/mul", op: "Mul", opset: Operator.latestOpset,
              inputs: [source, scale],
              outputs: [scaled])
          ],
          before: position)
        replacement.op = "Add"
        replacement.inputs = [
          scaled, sweep.constant("\(node.name)/shift", Tensor(affine.shift, shape: [count] + ones)),
        ]
        replacement.attributes = [:]
      }
      sweep.replace(position, by: replacement)
    }
    return sweep.finish()
  }
}
