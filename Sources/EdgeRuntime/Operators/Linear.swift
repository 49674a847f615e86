import CEdgeKernels
import EdgeFormat

/// `linear`: x `[rows, K]` (float), weights (int8, packed as a convolution's), sums, multiplier, offset, bias, factor?,
/// residual?, starts?, columns? → y `[rows, N]` (float); 64 channels are a unit of work.
enum Linear {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: node.inputCount == 10 ? 10 : 8, required: 6)
    try node.expectParameters(LinearParameters.self)
    let x = node.input(0), y = node.output(), weights = node.input(1)
    try node.expectFloat(x)
    try node.expectFloat(y)
    try node.expectRank(x, 2)
    try node.expectRank(y, 2)
    try node.expectEqual(x, y, axes: 0..<1)
    let inputs = x.dims[1], outputs = y.dims[1]
    // Sums of products of codes stay below 2^31.
    try node.expect(inputs, in: 1...66_000, "a linear layer has %0 inputs, not %1 to %2")
    try node.expect(
      outputs, in: 1...Int(Int32.max - 64), "a linear layer has %0 outputs, not %1 to %2")
    let padded = ConvolutionOperands.padded(outputs)
    try node.require(
      weights.storage == .weights && weights.type == .int8
        && (node.has(8) || weights.count >= padded &* ((inputs + 3) & ~3)),
      "a linear layer wants int8 weights in the file")
    try sparse(node)?.check(k4: (inputs + 3) / 4)
    try node.require(node.input(2).type == .int32, "sums of weights are int32")
    for position in 3...5 { try node.expectFloat(node.input(position)) }
    for position in 2...5 where node.input(position).count < padded {
      throw node.corrupt(
        "operand %0 has %1 values, not %2", position, node.input(position).count, padded)
    }
    if node.has(6) {
      try node.expectFloat(node.input(6))
      try node.require(node.input(6).count == inputs, "a factor for each input")
    }
    if node.has(7) { try node.expectAlike(node.input(7), y) }
    let function = node.parameters(as: LinearParameters.self).function
    if function.kind != 0 { try Unary.expectKind(function, of: node) }
  }

  private static func sparse(_ node: NodeView) -> SparseWeights? {
    SparseWeights(node, at: 8, channels: ConvolutionOperands.padded(node.output().dims[1]))
  }

  @inline(never)
  private static func describe(_ node: NodeView) -> edge_linear {
    let x = node.input(0), y = node.output()
    let function = node.parameters(as: LinearParameters.self).function
    return edge_linear(
      rows: Int32(truncatingIfNeeded: x.dims[0]), inputs: Int32(truncatingIfNeeded: x.dims[1]),
      outputs: Int32(truncatingIfNeeded: y.dims[1]), weights: UnsafePointer(node.input(1).int8),
      sparse: sparse(node)?.describe() ?? edge_sparse(),
      factor: node.has(6) ? UnsafePointer(node.input(6).float) : nil,
      sum128: UnsafePointer(node.input(2).int32), multiplier: UnsafePointer(node.input(3).float),
      offset: UnsafePointer(node.input(4).float), bias: UnsafePointer(node.input(5).float),
      function: function.kind, alpha: function.alpha, beta: function.beta)
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    guard node.output().count > 0 else { return 0 }
    var description = describe(node)
    return Int(edge_linear_scratch(&description))
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    var description = describe(node)
    context.split(
      node, units: Int(edge_linear_units(&description)),
      elements: y.count &* node.input(0).dims[1] / ConvolutionOperands.multiplicationsPerElement
    ) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      var description = Linear.describe(node)
      edge_linear_run(
        part.kernels, &description, node.input(0).float, node.output().float,
        node.has(7) ? UnsafePointer(node.input(7).float) : nil, part.scratch, part.rows.begin,
        part.rows.end)
    }
  }
}
