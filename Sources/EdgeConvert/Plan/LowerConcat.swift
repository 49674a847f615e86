import EdgeFormat

extension Lowering {
  /// Concat: every input in the output's representation and order.
  static func concat(_ node: Node, _ lowering: inout Lowering) throws {
    let values = node.inputs.compactMap { $0 }
    let target = try lowering.output(node)
    let rank = try lowering.shape(of: target).count
    let axis = try EdgeConvert.axis(node.int("axis", 0), rank: rank, node)
    let representation = lowering.joined(values, target)
    let order = try lowering.commonOrder(values, target)
    let parts = try values.filter { value in
      try lowering.shape(of: value)[axis].constant != 0
    }.map { try lowering.operand($0, representation, order: order).tensor }
    guard let first = parts.first else {
      throw lowering.unsupported(node, "only empty inputs", remedy: "remove the node")
    }
    let place = order.firstIndex(of: axis) ?? axis
    let own = try lowering.appendedResult(target, first: first, axis: place, order: order)
    let y =
      try own.map { Stored($0, order: order) }
      ?? lowering.result(like: first, target, order: order)
    lowering.emitConcat(parts, y.tensor, axis: place)
    lowering.define(target, as: y)
  }

  /// Concatenation along a stored axis; more inputs than a node record counts become a tree.
  mutating func emitConcat(_ parts: [PlanTensorID], _ y: PlanTensorID, axis: Int) {
    var parameters = ConcatParameters()
    parameters.axis = Int32(axis)
    var parts = parts
    while parts.count > 128 {
      let group = Array(parts.prefix(128))
      var joined = self[group[0]]
      joined.alias = nil
      joined.storage = .arena
      joined.bytes = []
      joined.dims[axis] = group.reduce(Dimension(0)) { $0 + self[$1].dims[axis] }
      let id = add(joined)
      emit(.concat, group, [id], parameters)
      parts = [id] + parts.dropFirst(128)
    }
    emit(.concat, parts, [y], parameters)
  }

  /// The representation of a concatenation: the output's parameters in INT8, else float; other
  /// types as they are.
  private func joined(_ values: [ValueID], _ target: ValueID) -> Representation {
    guard storedType(of: target) == .float32 else { return .native }
    if precision == .int8 {
      if let affine = quantization.values[target] { return .int8(affine) }
      let present = Set(values.map { affine(of: $0) })
      if present.count == 1, case let affine?? = present.first { return .int8(affine) }
    }
    return .float
  }
}
