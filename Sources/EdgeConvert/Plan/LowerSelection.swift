import EdgeFormat

extension Lowering {
  /// TopK: along the last stored axis, which is the node's own.
  static func topK(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let values = try lowering.output(node)
    let rank = try lowering.shape(of: source).count
    let axis = try EdgeConvert.axis(node.int("axis", -1), rank: rank, node)
    let order = (0..<rank).filter { $0 != axis } + [axis]
    let x = try lowering.operand(source, lowering.plain(source), order: order)
    let y = try lowering.result(like: x.tensor, values, order: order)
    let places =
      try lowering.outputIfRead(node, 1, type: .int64, order: order)
      ?? lowering.add(
        PlanTensor(
          name: lowering.graph[values].name + "/indices", type: .int64,
          dims: lowering[y.tensor].dims, affine: nil, storage: .arena))
    var parameters = TopKParameters()
    parameters.largest = node.int("largest", 1) == 0 ? 0 : 1
    lowering.emit(.topK, [x.tensor], [y.tensor, places], parameters)
    lowering.define(values, as: y)
  }

  /// NonZero.
  static func nonZero(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let x = try lowering.operand(
      source, lowering.plain(source), order: lowering.naturalOrder(source))
    let y = try lowering.result(target, type: .int64)
    lowering.emit(.nonZero, [x.tensor], [y.tensor])
    lowering.define(target, as: y)
  }

  /// NonMaxSuppression with constant limits.
  static func nonMaxSuppression(_ node: Node, _ lowering: inout Lowering) throws {
    let target = try lowering.output(node)
    let operands = try (0..<2).map { index in
      let value = try lowering.input(node, index)
      return try lowering.operand(value, .float, order: [0, 1, 2]).tensor
    }
    let form = try SuppressionForm(node, lowering.graph)
    var parameters = NonMaxSuppressionParameters()
    parameters.mostBoxes = Int32(form.mostBoxes)
    parameters.overlapThreshold = form.overlapThreshold
    parameters.scoreThreshold = form.scoreThreshold
    parameters.isCentered = form.isCentered ? 1 : 0
    let y = try lowering.result(target, type: .int64)
    lowering.emit(.nonMaxSuppression, operands, [y.tensor], parameters)
    lowering.define(target, as: y)
  }

  /// `edge.UniqueRows`: the part of Unique that is not a Gather.
  static func uniqueRows(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let x = try lowering.operand(source, lowering.plain(source), order: [0, 1])
    var outputs: [PlanTensorID] = []
    for index in 0..<3 {
      let target = try lowering.output(node, index)
      let y = try lowering.result(target, type: .int64)
      outputs.append(y.tensor)
      lowering.define(target, as: y)
    }
    var parameters = UniqueParameters()
    parameters.sorted = node.int("sorted", 1) == 0 ? 0 : 1
    lowering.emit(.unique, [x.tensor], outputs, parameters)
  }

  /// The value in its own type, not quantized.
  private func plain(_ value: ValueID) -> Representation { .type(storedType(of: value)) }

  /// A new tensor for an output that has a name, which is thereby defined.
  private mutating func outputIfRead(
    _ node: Node, _ index: Int, type: ElementType, order: [Int]
  ) throws -> PlanTensorID? {
    guard let value = node.output(index) else { return nil }
    let stored = try result(value, type: type, order: order)
    define(value, as: stored)
    return stored.tensor
  }
}
