import CEdgeKernels
import EdgeFormat

/// `lookup`: int8 x, table `[256]` → int8 y of the same shape; y = table[x + 128].
enum Lookup {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    let x = node.input(0), table = node.input(1), y = node.output()
    try node.require(x.type == .int8 && table.type == .int8 && y.type == .int8, "lookup wants int8")
    try node.require(table.count == 256, "a lookup table has 256 entries")
    try node.require(x.count == y.count, "lookup keeps the number of elements")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), table = node.input(1), y = node.output()
    context.kernels.pointee.lut_s8(x.int8, y.int8, Int64(y.count), table.int8)
  }
}
