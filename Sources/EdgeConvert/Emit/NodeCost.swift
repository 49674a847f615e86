import EdgeFormat

/// What the nodes of a plan cost, in about nanoseconds of one core: a model of the kernels, the same on every
/// machine, since equal input gives equal files.
///
/// A run with a budget scales it by the pace that it measures; what matters is how nodes compare.
enum NodeCost {
  /// Multiply-accumulates a nanosecond: INT8, of depthwise layers, float.
  private static let (int8Products, depthwiseProducts, floatProducts) = (34.0, 9.0, 12.0)
  /// What a weight that block-sparse products keep costs, in those of a dense one.
  private static let keptWeight = 1.3
  /// Elements read and written, and bytes of a layer's weights, a nanosecond; nanoseconds of any node.
  private static let (elements, weightBytes, node) = (6.0, 30.0, 200.0)

  /// By node, at the bounds of run-time sizes.
  static func table(_ nodes: [EmittedFile.NodeSummary]) -> [UInt32] {
    nodes.map { UInt32(clamping: Int(cost($0, fill: 1).rounded())) }
  }

  /// Of all nodes at smaller sizes.
  /// - Parameter fill: by node, elements of its result over those at the bounds.
  static func sum(_ nodes: [EmittedFile.NodeSummary], fill: (Int) -> Double) -> Double {
    nodes.indices.reduce(0) { $0 + cost(nodes[$1], fill: fill($1)) }
  }

  private static func cost(_ node: EmittedFile.NodeSummary, fill: Double) -> Double {
    let elements =
      (node.inputShapes.first.map { $0.reduce(1, *) } ?? 0)
      + node.outputShapes.reduce(0) { $0 + $1.reduce(1, *) }
    let rate =
      node.precision == .float32
      ? floatProducts : node.operation == "depthwise" ? depthwiseProducts : int8Products
    // Attention multiplies rows by keys.
    var products = node.operation == "attention" ? fill * fill : fill
    if let blocks = node.blocks { products *= min(1, keptWeight * blocks.density) }
    return Self.node + products * Double(node.multiplications) / rate
      + fill * Double(elements) / Self.elements
      + (node.multiplications > 0 ? Double(node.weightBytes) / weightBytes : 0)
  }
}
