import EdgeFormat

extension Lowering {
  /// DepthToSpace and SpaceToDepth: one transposition of the stored tensor, whose shortest runs are
  /// the rows of a block.
  static func blocks(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let isSpread = node.op == "DepthToSpace"
    let coarse = isSpread ? shape : try lowering.shape(of: target)
    let form = try BlockForm(node, coarse: coarse)
    let axes = form.axes(coarse)
    let natural = Array(axes.indices)
    let movement = AxisOrder.movement(
      from: isSpread ? natural : form.order, to: isSpread ? form.order : natural, axes)
    guard movement.source.count <= 8 else {
      throw lowering.unsupported(
        node, "moves \(movement.source.count) axes at once", remedy: "one group, or a batch of 1")
    }
    let order = AxisOrder.channelsLast(shape.count)
    let x = try lowering.operand(source, lowering.moved(source), order: order)
    let y = try lowering.result(like: x.tensor, target, order: order)
    lowering.emitTranspose(x.tensor, y.tensor, movement)
    lowering.define(target, as: y)
  }

  /// Appends a transposition between two tensors seen under the movement's merged axes.
  mutating func emitTranspose(
    _ x: PlanTensorID, _ y: PlanTensorID, _ movement: AxisOrder.Movement
  ) {
    var parameters = TransposeParameters()
    withUnsafeMutableBytes(of: &parameters.permutation) { bytes in
      for (axis, from) in movement.permutation.enumerated() {
        bytes.storeBytes(of: Int32(from), toByteOffset: axis * 4, as: Int32.self)
      }
    }
    emit(
      .transpose, [view(x, dims: movement.source)], [view(y, dims: movement.destination)],
      parameters)
  }
}
