import CEdgeKernels
import EdgeFormat

/// `dequantize`: int8 x → float y of as many elements, (q - zero point) * scale.
enum Dequantize {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.expectQuantized(x)
    try node.expectFloat(y)
    try node.expectSameCount(x, y)
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output()
      part.kernels.pointee.dequantize_s8(
        x.int8 + part.begin, y.float + part.begin, part.count, x.scale, x.zeroPoint)
    }
  }
}
