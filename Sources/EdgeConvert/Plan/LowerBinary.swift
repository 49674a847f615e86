import CEdgeKernels
import EdgeFormat

extension Lowering {
  private static let binaryKinds: [String: Int] = [
    "Add": EDGE_BINARY_ADD, "Sub": EDGE_BINARY_SUB, "Mul": EDGE_BINARY_MUL, "Div": EDGE_BINARY_DIV,
    "Min": EDGE_BINARY_MIN, "Max": EDGE_BINARY_MAX, "Pow": EDGE_BINARY_POW, "Sum": EDGE_BINARY_ADD,
    "Mean": EDGE_BINARY_ADD, "Mod": EDGE_BINARY_MOD, "And": EDGE_BINARY_AND, "Or": EDGE_BINARY_OR,
    "Xor": EDGE_BINARY_XOR, "BitwiseAnd": EDGE_BINARY_AND, "BitwiseOr": EDGE_BINARY_OR,
    "BitwiseXor": EDGE_BINARY_XOR, "BitShift": EDGE_BINARY_SHIFT_RIGHT,
  ]

  /// The runtime's kind of a node's arithmetic.
  private func binaryKind(_ node: Node) throws -> Int {
    if node.op == "Mod", node.int("fmod", 0) != 0 { return EDGE_BINARY_FMOD }
    if node.op == "BitShift", node.string("direction") == "LEFT" { return EDGE_BINARY_SHIFT_LEFT }
    guard let kind = Self.binaryKinds[node.op] else {
      throw unsupported(
        node, "not an arithmetic operator", remedy: "Add, Sub, Mul, Div, Min, Max or Pow")
    }
    return kind
  }

  /// Arithmetic of two operands, with broadcasting: Add, Sub and Mul in INT8 when both sides are,
  /// else in float, or in integers of the operands' type.
  static func binary(_ node: Node, _ lowering: inout Lowering) throws {
    let a = try lowering.input(node, 0)
    let b = try lowering.input(node, 1)
    let kind = try lowering.binaryKind(node)
    let target = try lowering.output(node)
    if lowering.precision == .int8, kind <= EDGE_BINARY_MUL,
      lowering.quantization.values[target] != nil
    {
      try lowering.integerBinary(node, kind, a, b, target)
    } else if try lowering.tabulated(node, a, b, target) {
      return
    } else if node.op == "Pow",
      lowering.graph[b].constant.map({ $0.count == 1 && $0.floats == [2] }) == true
    {
      try lowering.plainBinary(EDGE_BINARY_MUL, a, a, target)
    } else {
      try lowering.plainBinary(kind, a, b, target)
    }
  }

  /// An INT8 operator with one constant number as operand is a function of one element: a table.
  private mutating func tabulated(_ node: Node, _ a: ValueID, _ b: ValueID, _ target: ValueID)
    throws -> Bool
  {
    guard precision == .int8, let to = quantization.values[target] else { return false }
    let source: ValueID
    switch (graph[a].constant, graph[b].constant) {
    case (nil, let constant?) where constant.count == 1: source = a
    case (let constant?, nil) where constant.count == 1: source = b
    default: return false
    }
    guard let from = affine(of: source), try shape(of: source) == shape(of: target) else {
      return false
    }
    try lookup(source, from, target, to, evaluatedTable(node, from, to))
    return true
  }

  /// Sum, Mean, Max, Min of any number of operands, in float or in their integers.
  static func variadic(_ node: Node, _ lowering: inout Lowering) throws {
    let values = node.inputs.compactMap { $0 }
    let target = try lowering.output(node)
    guard values.count >= 2 else { return try reshape(node, &lowering) }
    if values.count == 2 && node.op != "Mean" {
      var pair = node
      if node.op == "Sum" { pair.op = "Add" }
      return try binary(pair, &lowering)
    }
    let kind = try lowering.binaryKind(node)
    let type = lowering.storedType(of: target)
    let order = try lowering.commonOrder(values, target)
    var sum = try lowering.broadcastOperand(values[0], .type(type), order: order)
    for value in values.dropFirst() {
      let next = try lowering.broadcastOperand(value, .type(type), order: order)
      let y = try lowering.result(target, type: type, order: order)
      lowering.emitBinary(kind, sum, next, y.tensor)
      sum = y.tensor
    }
    if node.op == "Mean" {
      let y = try lowering.result(target, order: order)
      lowering.emitBinary(EDGE_BINARY_MUL, sum, lowering.number(1 / Float(values.count)), y.tensor)
      sum = y.tensor
    }
    lowering.define(target, as: Stored(sum, order: order))
  }

  private mutating func emitBinary(
    _ kind: Int, _ a: PlanTensorID, _ b: PlanTensorID, _ y: PlanTensorID
  ) {
    var parameters = BinaryParameters()
    parameters.kind = Int32(kind)
    emit(.binary, [a, b], [y], parameters)
  }

  /// In float when an operand is, else in the wider type of the two.
  private mutating func plainBinary(
    _ kind: Int, _ a: ValueID, _ b: ValueID, _ target: ValueID
  ) throws {
    var parameters = BinaryParameters()
    parameters.kind = Int32(kind)
    let (left, right) = (storedType(of: a), storedType(of: b))
    let isLeft = left == .float32 || (right != .float32 && left.byteCount >= right.byteCount)
    let type = isLeft ? left : right
    try broadcast(.binary, [(a, type), (b, type)], target, type, parameters)
  }

  private mutating func integerBinary(
    _ node: Node, _ kind: Int, _ a: ValueID, _ b: ValueID, _ target: ValueID
  ) throws {
    let left = try operandParameters(node, a)
    let right = try operandParameters(node, b)
    let (written, bounds) = absorbedClamp(target)
    guard let output = quantization.values[written] else { return }
    let order = try commonOrder([a, b], target)
    let x = try broadcastOperand(a, .int8(left), order: order)
    let z = try broadcastOperand(b, .int8(right), order: order)
    var parameters = BinaryParameters()
    parameters.kind = Int32(kind)
    let scale = Double(output.scale)
    if kind == EDGE_BINARY_MUL {
      parameters.aMultiplier = Float(Double(left.scale) * Double(right.scale) / scale)
    } else {
      parameters.aMultiplier = Float(Double(left.scale) / scale)
      let multiplier = Float(Double(right.scale) / scale)
      parameters.bMultiplier = kind == EDGE_BINARY_SUB ? -multiplier : multiplier
    }
    if let bounds {
      parameters.low = output.quantized(bounds.lowerBound)
      parameters.high = output.quantized(bounds.upperBound)
    }
    let y = try result(written, affine: output, order: order)
    emit(.binary, [x, z], [y.tensor], parameters)
    define(written, as: y)
  }

  private func operandParameters(_ node: Node, _ value: ValueID) throws -> AffineParameters {
    if let tensor = graph[value].constant { return constantParameters(value, tensor) }
    if let affine = affine(of: value) { return affine }
    throw ConversionError.invalid(
      "node '\(node.name)' (\(node.op)) is INT8 but its input '\(graph[value].name)' has no scale; "
        + "calibrate it or keep the node in float")
  }

  /// A Relu or Clip that alone reads an INT8 sum becomes the sum's clamp: what is then written, and
  /// its bounds.
  private mutating func absorbedClamp(_ target: ValueID) -> (ValueID, ClosedRange<Double>?) {
    guard let next = soleConsumer(of: target), quantization.precision[next] == .int8 else {
      return (target, nil)
    }
    let node = graph.nodes[next]
    guard let written = node.output(0), quantization.values[written] != nil else {
      return (target, nil)
    }
    var low: Float = 0
    var high = Float.infinity
    switch node.op {
    case "Relu": break
    case "Clip":
      guard let bounds = clipBounds(node), bounds.low <= bounds.high else { return (target, nil) }
      (low, high) = bounds
    default: return (target, nil)
    }
    absorbed.insert(next)
    return (written, Double(low)...Double(high))
  }

  /// The constant bounds of a Clip; nil when one is computed at run time.
  func clipBounds(_ node: Node) -> (low: Float, high: Float)? {
    (try? ClipRange(node, graph)).map { ($0.low, $0.high) }
  }
}
