import EdgeFormat

/// `transpose`: axis i of y is axis `permutation[i]` of x.
///
/// Any type.
enum Transpose {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(TransposeParameters.self)
    let x = node.input(0), y = node.output()
    try node.require(x.type == y.type, "transpose keeps the type")
    try node.expectRank(y, x.rank)
    let permutation = node.parameters(as: TransposeParameters.self).permutation
    var seen = 0
    for axis in 0..<x.rank {
      let source = axisValue(permutation, axis)
      try node.expect(source, in: 0...(x.rank - 1), "a permutation names axis %0, not in %1...%2")
      try node.require(seen & (1 << source) == 0, "a permutation names an axis twice")
      seen |= 1 << source
      try node.require(y.dims[axis] == x.dims[source], "transpose permutes the sizes")
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    let permutation = node.parameters(as: TransposeParameters.self).permutation
    var copy = StridedCopy(x: x.data, y: y.data, elementBytes: x.type.byteCount)
    for axis in 0..<y.rank {
      let source = axisValue(permutation, axis)
      copy.append(size: y.dims[axis], stride: x.count((source &+ 1)..<x.rank))
    }
    copy.run(context)
  }
}
