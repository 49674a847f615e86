import EdgeFormat

/// `broadcast`: x → y; axes of size 1, and those that x lacks in front, repeat.
///
/// Any type.
enum Broadcast {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.require(x.type == y.type, "broadcast keeps the type")
    try node.require(x.rank <= y.rank, "broadcast does not drop axes")
    for axis in 0..<y.rank {
      let size = x.aligned(axis, rank: y.rank)
      try node.require(size == 1 || size == y.dims[axis], "broadcast repeats axes of size 1 only")
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    var copy = StridedCopy(x: x.data, y: y.data, elementBytes: x.type.byteCount)
    for axis in 0..<y.rank {
      let repeats = x.aligned(axis, rank: y.rank) == 1
      let own = axis &- (y.rank &- x.rank)
      let stride = repeats ? 0 : x.count((own &+ 1)..<x.rank)
      copy.append(size: y.dims[axis], stride: stride)
    }
    copy.run(context)
  }
}
