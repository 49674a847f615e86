import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// Every function of one element, Clip included: a table in INT8, `unary` or a formula in float,
  /// minima and maxima of integers.
  static func unary(_ node: Node, _ lowering: inout Lowering) throws {
    if node.op == "Clip", lowering.clipBounds(node) == nil {
      return try lowering.clipToOperands(node)
    }
    let bounds = lowering.clipBounds(node)
    let function = UnaryFunction(
      node, low: bounds?.low ?? -.infinity, high: bounds?.high ?? .infinity)
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    if lowering.precision == .int8, let from = lowering.affine(of: source),
      let to = lowering.quantization.values[target]
    {
      let entries =
        try function.map { LookupTable.entries(from: from, to: to, $0.value) }
        ?? lowering.evaluatedTable(node, from, to)
      return try lowering.lookup(source, from, target, to, entries)
    }
    let type = lowering.storedType(of: target)
    if type != .float32 { return try lowering.integerUnary(node, source, target, type) }
    let x = try lowering.operand(source, .float)
    if let parameters = function?.parameters {
      let y = try lowering.result(target, order: x.order)
      lowering.emit(.unary, [x.tensor], [y.tensor], parameters)
      lowering.define(target, as: y)
    } else if let y = lowering.formula(node, x.tensor) {
      lowering.define(target, as: lowering.named(Stored(y, order: x.order), target))
    } else {
      throw lowering.unsupported(
        node, "no float kernel for this function",
        remedy: "an INT8 node (a table), or simpler functions")
    }
  }

  /// Clip with bounds that are computed at run time.
  private mutating func clipToOperands(_ node: Node) throws {
    let source = try input(node, 0)
    let target = try output(node)
    let type = storedType(of: target)
    if node.input(1) == nil, node.input(2) == nil { return try Lowering.reshape(node, &self) }
    let x = try operand(source, .type(type))
    var y = x.tensor
    for (index, kind) in [(1, EDGE_BINARY_MAX), (2, EDGE_BINARY_MIN)] {
      guard let bound = node.input(index) else { continue }
      let scalar = view(try operand(bound, .type(type)).tensor, dims: [])
      y = arithmetic(kind, y, scalar)
    }
    define(target, as: named(Stored(y, order: x.order), target))
  }

  /// Relu, Abs, Neg, Sign and Clip of integers.
  private mutating func integerUnary(
    _ node: Node, _ source: ValueID, _ target: ValueID, _ type: ElementType
  ) throws {
    let x = try operand(source, .type(type))
    let zero = number(0, type)
    let isUnsigned = type == .uint8
    let y: PlanTensorID
    switch node.op {
    case "Relu": y = arithmetic(EDGE_BINARY_MAX, x.tensor, zero)
    case "Neg": y = arithmetic(EDGE_BINARY_SUB, zero, x.tensor)
    case "Abs" where isUnsigned: y = arithmetic(EDGE_BINARY_ADD, x.tensor, zero)
    case "Abs":
      y = arithmetic(EDGE_BINARY_MAX, x.tensor, arithmetic(EDGE_BINARY_SUB, zero, x.tensor))
    case "Sign":
      let low = isUnsigned ? x.tensor : arithmetic(EDGE_BINARY_MAX, x.tensor, number(-1, type))
      y = arithmetic(EDGE_BINARY_MIN, low, number(1, type))
    case "Clip": return try clipToOperands(node)
    default:
      throw unsupported(node, "elements of type \(type)", remedy: "Cast to float before the node")
    }
    define(target, as: named(Stored(y, order: x.order), target))
  }

  /// A table of a function that only the float reference knows.
  func evaluatedTable(
    _ node: Node, _ from: AffineParameters, _ to: AffineParameters
  ) throws -> [Int8] {
    guard let rule = Operator.of(node) else {
      throw unsupported(node, "unknown function", remedy: "a supported activation")
    }
    let points = (-128...127).map { from.scale * Float($0 - Int(from.zeroPoint)) }
    var inputs: [Tensor?] = node.inputs.map { $0.flatMap { graph[$0].constant } }
    guard let variable = inputs.firstIndex(where: { $0 == nil }) else {
      throw unsupported(node, "no computed operand", remedy: "fold the node at conversion")
    }
    inputs[variable] = Tensor(points, shape: [256])
    let values = try rule.evaluate(node, inputs).first?.floats ?? []
    guard values.count == 256 else {
      throw unsupported(node, "not a function of one element", remedy: "keep the node in float")
    }
    return values.map { Int8(to.quantized(Double($0))) }
  }

  /// A table node from one value to another of the same shape.
  mutating func lookup(
    _ source: ValueID, _ from: AffineParameters, _ target: ValueID, _ to: AffineParameters,
    _ entries: [Int8]
  ) throws {
    let x = try operand(source, .int8(from))
    let table = lookupTable(entries, name: graph[target].name)
    let y = try result(target, affine: to, order: x.order)
    emit(.lookup, [x.tensor, table], [y.tensor])
    define(target, as: y)
  }
}
