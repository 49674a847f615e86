import EdgeFormat

/// Attention received by each token and head `[1, H, T]` or `[1, T]` → indices `[K]`, ascending, of the tokens that stay: the first, and
/// those that receive most.
///
/// K is that of `TokenElimination.count`; the float reference keeps all. Attribute `parts`: of how many in `allTokens` tokens
/// stay where a run does not say.
extension Operator {
  static let keepTokens = Operator(
    "edge.KeepTokens", opsets: latestOpset...latestOpset,
    infer: { node, graph in
      guard let size = try graph.shape(node, 0).last else { throw node.invalid("wants tokens") }
      return [ValueType(type: .int64, shape: [TokenElimination.count(of: size)])]
    },
    evaluate: { node, inputs in
      let count = try need(node, inputs, 0).shape.last ?? 0
      return [Tensor((0..<count).map { Int64($0) }, shape: [count])]
    },
    lower: { node, lowering in
      let target = try lowering.output(node)
      let x = try lowering.operand(
        try lowering.input(node, 0), .float,
        order: lowering.naturalOrder(try lowering.input(node, 0)))
      var dims = lowering[x.tensor].dims
      if dims.count == 2 { dims.insert(Dimension(1), at: 1) }
      let y = try lowering.result(target, type: .int64)
      lowering.emit(.keepTokens, [lowering.view(x.tensor, dims: dims)], [y.tensor])
      lowering.define(target, as: y)
    })
}
