import EdgeFormat

/// What the nodes of a plan cost, in about nanoseconds of one core: a model of the kernels, the same on every
/// machine, since equal input gives equal files.
///
/// A run with a budget scales it by the pace that it measures; what matters is how nodes compare.
enum ExitCost {
  /// Multiply-accumulates a nanosecond: INT8, of depthwise layers, float.
  private static let (int8Products, depthwiseProducts, floatProducts) = (34.0, 9.0, 12.0)
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
    // Rows times keys.
    let products = node.operation == "attention" ? fill * fill : fill
    return Self.node + products * Double(node.multiplications) / rate
      + fill * Double(elements) / Self.elements
      + (node.multiplications > 0 ? Double(node.weightBytes) / weightBytes : 0)
  }
}

/// What runs cost that leave at each exit.
struct ExitCosts: Sendable {
  /// By exit, then to the end, heads on the way included.
  let toExit: [Double]
  /// At full depth, without heads.
  let full: Double
  /// By exit: the part of it that the exits themselves add.
  let heads: [Double]

  init(_ file: LoadedFile, _ table: [UInt32]) {
    var toExit: [Double] = []
    var heads: [Double] = []
    var spent = 0.0
    var node = 0
    var headCost = 0.0
    while node < file.model.nodeCount {
      let cost = Double(table[node])
      spent += cost
      if let parameters = file.exit(at: node) {
        func sum(_ range: Range<Int>) -> Double { range.reduce(0) { $0 + Double(table[$1]) } }
        let head = sum(node - Int(parameters.headNodes)..<node + 1)
        let tail = sum(node + 1..<node + 1 + Int(parameters.tailNodes))
        headCost += head
        heads.append(head + tail)
        toExit.append(spent + tail)
        node += Int(parameters.tailNodes)
      }
      node += 1
    }
    self.toExit = toExit + [spent]
    full = spent - headCost
    self.heads = heads
  }

  /// Of a run at full depth.
  func share(at exit: Int) -> Double { toExit[exit] / full }
}
