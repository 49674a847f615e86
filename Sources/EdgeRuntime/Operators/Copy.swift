import EdgeFormat

/// `copy`: the same bytes under another shape.
///
/// Nothing happens where the plan has put y on x.
enum Copy {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.require(x.type == y.type, "copy keeps the type")
    guard x.count == y.count else {
      throw node.corrupt("copy of %0 elements to %1", x.count, y.count)
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard x.data != y.data else { return }
    y.data.copyMemory(from: x.data, byteCount: y.byteCount)
  }
}
