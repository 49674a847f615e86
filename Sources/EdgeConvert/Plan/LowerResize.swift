import EdgeFormat

extension Lowering {
  /// Resize and Upsample, nearest and linear, over the spatial axes; `Operator.resizeByAxes` has
  /// rewritten other forms.
  static func resize(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let outputShape = try lowering.shape(of: target)
    let form = try ResizeForm(node, lowering.graph)
    let order = AxisOrder.channelsLast(shape.count)
    let x = try lowering.operand(source, lowering.moved(source), order: order)
    let y = try lowering.result(like: x.tensor, target, order: order)
    let name = lowering.graph[target].name
    let isLinear = node.string("mode") ?? "nearest" != "nearest"
    var operands: [PlanTensorID?] = [lowering.view(x.tensor, dims: Lowering.imageDims(shape))]
    for (axis, part) in zip((shape.count - 2)..<shape.count, ["row", "column"]) {
      let taps = try lowering.taps(node, form, axis: axis)
      func places(_ position: Int) -> [Int32] {
        taps.map { Int32($0[min(position, $0.count - 1)].0) }
      }
      operands.append(lowering.constant(places(0), type: .int32, name: "\(name)/\(part)0"))
      guard isLinear else { continue }
      let weights = taps.map { $0.count == 2 ? $0[1].1 : 0 }
      operands.append(lowering.constant(places(1), type: .int32, name: "\(name)/\(part)1"))
      operands.append(lowering.constant(weights, type: .float32, name: "\(name)/\(part)_weight"))
    }
    lowering.emit(
      isLinear ? .resizeLinear : .resizeNearest, operands,
      [lowering.view(y.tensor, dims: Lowering.imageDims(outputShape))])
    lowering.define(target, as: y)
  }

  /// The one or two input elements that make each output element of an axis; a one-dimensional
  /// input has height 1.
  private func taps(_ node: Node, _ form: ResizeForm, axis: Int) throws -> [[(Int, Float)]] {
    if axis < 2 { return [[(0, 1)]] }
    guard let rule = try form.rule(node, axis: axis) else {
      throw unsupported(node, "axis \(axis) of run-time size", remedy: "fix its size in the model")
    }
    return (0..<rule.output).map { rule.taps($0) ?? [] }.map { taps in
      taps.map { ($0.place, $0.weight) }
    }
  }
}
