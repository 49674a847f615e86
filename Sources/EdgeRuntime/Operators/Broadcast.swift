import CEdgeKernels
import EdgeFormat

/// `broadcast`: x → y; axes of size 1, and those that x lacks in front, repeat.
///
/// Any type.
enum Broadcast {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.require(x.type == y.type, "broadcast keeps the type")
    try node.expectBroadcast(x, to: y, axes: 0..<y.rank)
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    guard x.count > 1 else {
      return edge_fill(y.data, Int64(y.count), Int32(y.type.byteCount), x.data)
    }
    var copy = StridedCopy(x: x.data, y: y.data, elementBytes: x.type.byteCount)
    for axis in 0..<y.rank {
      copy.append(size: y.dims[axis], stride: x.broadcastStride(axis, rank: y.rank))
    }
    copy.run(context)
  }
}
