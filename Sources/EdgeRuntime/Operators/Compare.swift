import CEdgeKernels
import EdgeFormat

/// `compare`: a, b → y (bool), elementwise; axes of size 1 repeat, and so do those that an operand
/// lacks in front.
///
/// float32, integers and bool. A NaN equals nothing and is neither less nor more.
enum Compare {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(CompareParameters.self)
    let a = node.input(0), b = node.input(1), y = node.output()
    try node.require(a.type == b.type && a.type != .float16, "compare wants one type, not float16")
    try node.require(!a.isQuantized && !b.isQuantized, "compare takes no quantized operands")
    try node.require(y.type == .bool, "compare gives bool")
    try node.expectBroadcast(a, to: y, axes: 0..<y.rank)
    try node.expectBroadcast(b, to: y, axes: 0..<y.rank)
    try node.expect(
      Int(node.parameters(as: CompareParameters.self).kind),
      in: EDGE_COMPARE_EQUAL...EDGE_COMPARE_LESS_OR_EQUAL, "there is no comparison %0")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      Compare.walk(pointer.load(as: NodeView.self), part)
    }
  }

  private static func walk(_ node: NodeView, _ part: Part) {
    let a = node.input(0), b = node.input(1), y = node.output()
    let kind = node.parameters(as: CompareParameters.self).kind
    let loop = BroadcastLoop(a, b, to: y)
    let steps = loop.steps
    loop.walk(part) { start, position, count in
      let result = y.element(position).assumingMemoryBound(to: UInt8.self)
      if a.type == .float32 {
        edge_f32_compare(
          kind, a.float + start[0], steps.a, b.float + start[1], steps.b, result, Int64(count))
      } else {
        edge_integer_compare(
          kind, Int32(a.type.rawValue), a.element(start[0]), steps.a, b.element(start[1]), steps.b,
          result, Int64(count))
      }
    }
  }
}
