import CEdgeKernels
import EdgeFormat

/// `softmax` (float): x → y of the same shape, over the last axis.
enum Softmax {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectAlike(x, y)
    try node.require(x.rank >= 1, "softmax wants an axis")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    context.split(node, units: y.count / y.fromLast(0), elements: y.count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output()
      let length = y.fromLast(0)
      let first = part.begin &* length
      part.kernels.pointee.softmax_f32(x.float + first, y.float + first, part.count, Int64(length))
    }
  }
}
