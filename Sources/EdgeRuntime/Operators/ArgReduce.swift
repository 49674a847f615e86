import CEdgeKernels
import EdgeFormat

/// `argReduce`: x → y (int64), the position of the largest or least element along one axis, which y
/// has as 1 or not at all; NaN is larger and less than everything.
enum ArgReduce {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(ArgReduceParameters.self)
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: ArgReduceParameters.self)
    try node.expect(
      Int(parameters.kind), in: EDGE_REDUCE_MAX...EDGE_REDUCE_MIN, "there is no extreme %0")
    let axis = Int(parameters.axis)
    guard axis >= 0, axis < x.rank else {
      throw node.corrupt("axis %0 of a tensor of rank %1", axis, x.rank)
    }
    try Reduce.checkShape(node, axis..<(axis + 1))
    try node.require(y.type == .int64, "positions are int64")
    switch x.type {
    case .float32, .int8, .int64: break
    case .float16, .uint8, .int16, .int32, .bool:
      throw node.corrupt("argReduce has no type %0", Int(x.type.rawValue))
    }
    try node.require(y.count == 0 || x.dims[axis] > 0, "nothing has no extreme")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    guard node.output().count > 0 else { return }
    let x = node.input(0)
    let axis = Int(node.parameters(as: ArgReduceParameters.self).axis)
    context.split(node, units: x.count(0..<axis), elements: x.count) { pointer, part in
      ArgReduce.find(pointer.load(as: NodeView.self), part)
    }
  }

  private static func find(_ node: NodeView, _ part: Part) {
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: ArgReduceParameters.self)
    let (kind, isLast, outer) = (parameters.kind, parameters.isLast, part.count)
    let axis = Int(parameters.axis)
    let inner = x.count((axis &+ 1)..<x.rank)
    let from = part.begin &* x.dims[axis] &* inner
    let n = Int64(x.dims[axis]), width = Int64(inner)
    let to = y.int64 + part.begin &* inner
    switch x.type {
    case .int8: edge_arg_s8(kind, isLast, x.int8 + from, to, outer, n, width)
    case .int64: edge_arg_s64(kind, isLast, x.int64 + from, to, outer, n, width)
    default: edge_arg_f32(kind, isLast, x.float + from, to, outer, n, width)
    }
  }
}
