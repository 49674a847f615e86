import CEdgeKernels
import EdgeFormat

/// `quantize`: float x → int8 y of as many elements, q = clamp(rne(x / scale) + zero point); NaN
/// gives the zero point.
enum Quantize {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectQuantized(y)
    try node.expectSameCount(x, y)
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output()
      part.kernels.pointee.quantize_s8(
        x.float + part.begin, y.int8 + part.begin, part.count, y.scale, y.zeroPoint)
    }
  }
}
