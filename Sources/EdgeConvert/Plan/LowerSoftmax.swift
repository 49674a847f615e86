import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// Softmax and LogSoftmax over one axis, in float, on the last stored axis.
  ///
  /// Before opset 13 the axes from `axis` on are
  /// normalised together.
  static func softmax(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let flattens = node.opset < 13
    let first = try EdgeConvert.axis(node.int("axis", flattens ? 1 : -1), rank: shape.count, node)
    let last = flattens ? Array(first..<shape.count) : [first]
    let representation = lowering.precision == .int8 ? lowering.moved(source) : .native
    let native = try lowering.operand(source, representation).order
    let order = native.filter { !last.contains($0) } + last
    let x = try lowering.operand(source, .float, order: order)
    let y = try lowering.result(target, order: order)
    let row = last.reduce(Dimension(1)) { $0 * shape[$1] }
    let rows = order.filter { !last.contains($0) }.reduce(Dimension(1)) { $0 * shape[$1] }
    let normalised = lowering.view(y.tensor, dims: [rows, row])
    lowering.emit(.softmax, [lowering.view(x.tensor, dims: [rows, row])], [normalised])
    guard node.op == "LogSoftmax" else { return lowering.define(target, as: y) }
    let logarithm = try lowering.result(target, order: order)
    var parameters = UnaryParameters()
    parameters.kind = Int32(EDGE_UNARY_LOG)
    lowering.emit(.unary, [y.tensor], [logarithm.tensor], parameters)
    lowering.define(target, as: logarithm)
  }
}
