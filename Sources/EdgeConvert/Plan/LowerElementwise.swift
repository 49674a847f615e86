import CEdgeKernels
import EdgeFormat

/// Broadcasting operators on elements that are not quantized.
extension Lowering {
  /// Appends a node over broadcast operands of one type and delivers its result.
  /// - Parameters:
  ///   - operands: values and the element types that the node reads them in.
  ///   - type: of what the node writes; it is cast when the target's own type differs.
  mutating func broadcast<Parameters: BitwiseCopyable>(
    _ opCode: OpCode, _ operands: [(value: ValueID, type: ElementType)], _ target: ValueID,
    _ type: ElementType, _ parameters: Parameters
  ) throws {
    let order = try commonOrder(operands.map(\.value), target)
    let inputs = try operands.map {
      try broadcastOperand($0.value, .type($0.type), order: order)
    }
    let y = try result(target, type: type, order: order)
    emit(opCode, inputs, [y.tensor], parameters)
    try deliver(target, y)
  }

  /// Equal, Less, Greater, LessOrEqual, GreaterOrEqual; IsNaN, for what does not equal itself.
  static func compare(_ node: Node, _ lowering: inout Lowering) throws {
    let a = try lowering.input(node, 0)
    let b = node.op == "IsNaN" ? a : try lowering.input(node, 1)
    let isSwapped = node.op.hasPrefix("Greater")
    var parameters = CompareParameters()
    switch node.op {
    case "Equal": parameters.kind = Int32(EDGE_COMPARE_EQUAL)
    case "IsNaN": parameters.kind = Int32(EDGE_COMPARE_NOT_EQUAL)
    case "Less", "Greater": parameters.kind = Int32(EDGE_COMPARE_LESS)
    default: parameters.kind = Int32(EDGE_COMPARE_LESS_OR_EQUAL)
    }
    let type = lowering.storedType(of: a)
    let operands = [(value: a, type: type), (value: b, type: type)]
    try lowering.broadcast(
      .compare, isSwapped ? operands.reversed() : operands, lowering.output(node), .bool, parameters
    )
  }

  /// Where.
  static func select(_ node: Node, _ lowering: inout Lowering) throws {
    let target = try lowering.output(node)
    let type = lowering.storedType(of: target)
    try lowering.broadcast(
      .select,
      [
        (lowering.input(node, 0), .bool), (lowering.input(node, 1), type),
        (lowering.input(node, 2), type),
      ], target, type, ())
  }

  /// PRelu: x, or slope * x where x is below 0.
  static func parametricRelu(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let slope = try lowering.input(node, 1)
    let type = lowering.storedType(of: target)
    if type == .float32, let constant = lowering.graph[slope].constant, constant.count == 1 {
      var leaky = node
      leaky.op = "LeakyRelu"
      leaky.inputs = [source]
      leaky.attributes["alpha"] = .float(constant.floats[0])
      return try unary(leaky, &lowering)
    }
    let x = try lowering.operand(source, .type(type))
    let slopes = try lowering.broadcastOperand(slope, .type(type), order: x.order)
    let scaled = lowering.arithmetic(EDGE_BINARY_MUL, x.tensor, slopes)
    let isNegative = lowering.comparison(EDGE_COMPARE_LESS, x.tensor, lowering.number(0, type))
    let y = lowering.selection(isNegative, scaled, x.tensor)
    lowering.define(target, as: lowering.named(Stored(y, order: x.order), target))
  }

  /// CumSum and CumProd.
  static func cumulative(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let rank = try lowering.shape(of: source).count
    let stated = try lowering.constantInput(node, 1)?.ints.first ?? 0
    let axis = try axis(stated, rank: rank, node)
    let type = lowering.storedType(of: source)
    let x = try lowering.operand(source, .type(type))
    var parameters = CumulativeParameters()
    parameters.kind = Int32(node.op == "CumSum" ? EDGE_BINARY_ADD : EDGE_BINARY_MUL)
    parameters.axis = Int32(x.order.firstIndex(of: axis) ?? axis)
    parameters.exclusive = Int32(node.int("exclusive", 0))
    parameters.reverse = Int32(node.int("reverse", 0))
    let y = try lowering.result(target, type: type, order: x.order)
    lowering.emit(.cumulative, [x.tensor], [y.tensor], parameters)
    try lowering.deliver(target, y)
  }
}

// Nodes between tensors of the plan, for results that take several.
extension Lowering {
  /// A constant number that repeats over whatever it meets.
  mutating func number(_ value: Float, _ type: ElementType = .float32) -> PlanTensorID {
    let tensor =
      type.isFloat
      ? Tensor([value], shape: []) : Tensor([Int64(clamping: Double(value))], shape: [], type: type)
    return constant(tensor.bytes, type: tensor.storedType, dims: [], name: "\(value)")
  }

  /// A new tensor of the larger operand's sizes.
  private mutating func temporary(
    _ a: PlanTensorID, _ b: PlanTensorID, _ type: ElementType
  ) -> PlanTensorID {
    let dims = self[a].dims.count >= self[b].dims.count ? self[a].dims : self[b].dims
    return add(
      PlanTensor(
        name: "\(self[a].name)/\(tensors.count)", type: type, dims: dims, affine: nil,
        storage: .arena))
  }

  /// `unary` of a float tensor.
  mutating func function(
    _ kind: Int, _ x: PlanTensorID, alpha: Float = 0, beta: Float = 0
  ) -> PlanTensorID {
    var parameters = UnaryParameters()
    parameters.kind = Int32(kind)
    parameters.alpha = alpha
    parameters.beta = beta
    let y = temporary(x, x, .float32)
    emit(.unary, [x], [y], parameters)
    return y
  }

  /// `binary` of two tensors, of which the one of lower rank repeats over the other.
  mutating func arithmetic(_ kind: Int, _ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    var parameters = BinaryParameters()
    parameters.kind = Int32(kind)
    let y = temporary(a, b, self[a].type)
    emit(.binary, [a, b], [y], parameters)
    return y
  }

  /// `compare`, likewise.
  mutating func comparison(_ kind: Int, _ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    var parameters = CompareParameters()
    parameters.kind = Int32(kind)
    let y = temporary(a, b, .bool)
    emit(.compare, [a, b], [y], parameters)
    return y
  }

  /// `select`, likewise.
  mutating func selection(
    _ condition: PlanTensorID, _ a: PlanTensorID, _ b: PlanTensorID
  ) -> PlanTensorID {
    let y = temporary(a, condition, self[a].type)
    emit(.select, [condition, a, b], [y])
    return y
  }

  /// The same tensor under the name of a value.
  mutating func named(_ stored: Stored, _ value: ValueID) -> Stored {
    tensors[stored.tensor.index].name = graph[value].name
    return stored
  }
}
