import EdgeFormat

extension Lowering {
  /// GatherElements.
  static func gatherElements(_ node: Node, _ lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: lowering.input(node, 0)).count
    var parameters = GatherParameters()
    parameters.axis = Int32(try EdgeConvert.axis(node.int("axis", 0), rank: rank, node))
    try lowering.emitGather(.gatherElements, node, parameters)
  }

  /// GatherND.
  static func gatherND(_ node: Node, _ lowering: inout Lowering) throws {
    var parameters = GatherParameters()
    parameters.axis = Int32(node.int("batch_dims", 0))
    try lowering.emitGather(.gatherND, node, parameters)
  }

  private mutating func emitGather(_ opCode: OpCode, _ node: Node, _ parameters: GatherParameters)
    throws
  {
    let (source, indices, target) = (try input(node, 0), try input(node, 1), try output(node))
    let data = try operand(source, moved(source), order: naturalOrder(source))
    let list = try operand(indices, .native, order: naturalOrder(indices))
    let y = try result(like: data.tensor, target)
    emit(opCode, [data.tensor, list.tensor], [y.tensor], parameters)
    define(target, as: y)
  }

  /// ScatterElements and Scatter.
  static func scatterElements(_ node: Node, _ lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: lowering.input(node, 0)).count
    var parameters = ScatterParameters()
    parameters.axis = Int32(try EdgeConvert.axis(node.int("axis", 0), rank: rank, node))
    try lowering.emitScatter(.scatterElements, node, parameters)
  }

  /// ScatterND.
  static func scatterND(_ node: Node, _ lowering: inout Lowering) throws {
    try lowering.emitScatter(.scatterND, node, ScatterParameters())
  }

  private mutating func emitScatter(_ opCode: OpCode, _ node: Node, _ parameters: ScatterParameters)
    throws
  {
    var parameters = parameters
    let reduction = try Operator.scatterReduction(node)
    parameters.reduction = reduction.rawValue
    let (source, indices, updates, target) = (
      try input(node, 0), try input(node, 1), try input(node, 2), try output(node)
    )
    let form = scattered(target, reduction)
    let data = try scatterData(source, form)
    let list = try operand(indices, .native, order: naturalOrder(indices))
    let news = try operand(updates, form, order: naturalOrder(updates))
    let y = try result(like: data, target)
    emit(opCode, [data, list.tensor, news.tensor], [y.tensor], parameters)
    if self[y.tensor].affine == nil { try deliver(target, y) } else { define(target, as: y) }
  }

  /// The form of data, updates and result: int8 with the result's parameters, or the plain type,
  /// narrow integers as int32 where they are combined.
  private func scattered(_ target: ValueID, _ reduction: ScatterReduction) -> Representation {
    if precision == .int8, let affine = quantization.values[target] { return .int8(affine) }
    let type = storedType(of: target)
    if reduction == .none { return .type(type) }
    return .type([.float32, .int64].contains(type) ? type : .int32)
  }

  /// The data of a scatter; a constant grid of one number is filled in rather than stored.
  private mutating func scatterData(_ source: ValueID, _ form: Representation) throws
    -> PlanTensorID
  {
    guard let grid = graph[source].constant, let fill = grid.uniform else {
      return try operand(source, form, order: naturalOrder(source)).tensor
    }
    let name = graph[source].name
    let rank = grid.shape.count
    let unit = Tensor(fill, shape: Array(repeating: 1, count: rank), type: grid.type)
    let one = constantTensor(unit, form, name: name + "/value")
    var tensor = self[one]
    tensor.storage = .arena
    tensor.bytes = []
    tensor.dims = grid.shape.map { Dimension($0) }
    tensor.name = name
    let filled = add(tensor)
    emit(.broadcast, [one], [filled])
    return filled
  }

  /// A value's own axis order.
  func naturalOrder(_ value: ValueID) throws -> [Int] {
    Array(try shape(of: value).indices)
  }
}
