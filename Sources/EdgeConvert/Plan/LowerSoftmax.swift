import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// Softmax over one axis, in float, on the last stored axis.
  ///
  /// Before opset 13 the axes from `axis` on are
  /// normalised together.
  static func softmax(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let last = try Operator.softmaxAxes(node, rank: shape.count)
    let representation = lowering.precision == .int8 ? lowering.moved(source) : .native
    let native = try lowering.operand(source, representation).order
    let order = native.filter { !last.contains($0) } + last
    let x = try lowering.operand(source, .float, order: order)
    let y = try lowering.result(target, order: order)
    let row = last.reduce(Dimension(1)) { $0 * shape[$1] }
    let rows = order.filter { !last.contains($0) }.reduce(Dimension(1)) { $0 * shape[$1] }
    let normalised = lowering.view(y.tensor, dims: [rows, row])
    lowering.emit(.softmax, [lowering.view(x.tensor, dims: [rows, row])], [normalised])
    lowering.define(target, as: y)
  }
}
