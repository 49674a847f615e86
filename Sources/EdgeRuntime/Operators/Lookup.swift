import CEdgeKernels
import EdgeFormat

/// `lookup`: int8 x, table `[256]` → int8 y of as many elements; y = table[x + 128].
enum Lookup {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    let x = node.input(0), table = node.input(1), y = node.output()
    try node.require(x.type == .int8 && table.type == .int8 && y.type == .int8, "lookup wants int8")
    try node.require(table.count == 256, "a lookup table has 256 entries")
    try node.expectSameCount(x, y)
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      part.kernels.pointee.lut_s8(
        node.input(0).int8 + part.begin, node.output().int8 + part.begin, part.count,
        node.input(1).int8)
    }
  }
}
