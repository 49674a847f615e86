import CEdgeKernels
import EdgeFormat

/// `unary`: float x → y of as many elements; `kind` is one of the `EDGE_UNARY_*` functions.
enum Unary {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(UnaryParameters.self)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectFloat(y)
    try node.expectSameCount(x, y)
    try expectKind(node.parameters(as: UnaryParameters.self), of: node)
  }

  /// Throws unless there is a kernel for the function.
  static func expectKind(_ function: UnaryParameters, of node: NodeView) throws(EdgeError) {
    try node.expect(
      Int(function.kind), in: EDGE_UNARY_RELU...EDGE_UNARY_SIGN, "there is no unary function %0")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let parameters = node.parameters(as: UnaryParameters.self)
      part.kernels.pointee.unary_f32(
        parameters.kind, node.input(0).float + part.begin, node.output().float + part.begin,
        part.count, parameters.alpha, parameters.beta)
    }
  }
}
