import CEdgeKernels
import EdgeFormat

/// `select`: condition (bool), a, b → y, a where the condition holds, else b; axes of size 1
/// repeat, and so do those that an operand lacks in front.
///
/// Any type; a, b and y share it with scale and zero point.
enum Select {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 3, required: 3)
    let y = node.output()
    try node.require(node.input(0).type == .bool, "the condition is not bool")
    try node.expectSameForm(node.input(1), y)
    try node.expectSameForm(node.input(2), y)
    for operand in 0..<3 {
      try node.expectBroadcast(node.input(operand), to: y, axes: 0..<y.rank)
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      Select.walk(pointer.load(as: NodeView.self), part)
    }
  }

  private static func walk(_ node: NodeView, _ part: Part) {
    let condition = node.input(0), a = node.input(1), b = node.input(2), y = node.output()
    let loop = BroadcastLoop(a, b, condition, to: y)
    let steps = loop.steps
    let bytes = Int32(truncatingIfNeeded: y.type.byteCount)
    loop.walk(part) { start, position, count in
      edge_select(
        bytes, condition.element(start[2]).assumingMemoryBound(to: UInt8.self), steps.c,
        a.element(start[0]), steps.a, b.element(start[1]), steps.b, y.element(position),
        Int64(count))
    }
  }
}
