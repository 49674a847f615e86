import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// Every function of one element, Clip included: a table in INT8, `unary` in float.
  static func unary(_ node: Node, _ lowering: inout Lowering) throws {
    let low = try lowering.constantInput(node, 1)?.floats.first ?? node.float("min") ?? -.infinity
    let high = try lowering.constantInput(node, 2)?.floats.first ?? node.float("max") ?? .infinity
    let function = UnaryFunction(node, low: low, high: high)
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    if lowering.precision == .int8, let from = lowering.affine(of: source),
      let to = lowering.quantization.values[target]
    {
      let entries =
        try function.map { LookupTable.entries(from: from, to: to, $0.value) }
        ?? lowering.evaluatedTable(node, from, to)
      try lowering.lookup(source, from, target, to, entries)
    } else if lowering.storedType(of: target) != .float32 {
      throw lowering.unsupported(
        node, "elements of type \(lowering.storedType(of: target))",
        remedy: "Cast to float before the node")
    } else if let parameters = function?.parameters {
      let x = try lowering.operand(source, .float)
      let y = try lowering.result(target, order: x.order)
      lowering.emit(.unary, [x.tensor], [y.tensor], parameters)
      lowering.define(target, as: y)
    } else {
      throw lowering.unsupported(
        node, "no float kernel for this function",
        remedy: "an INT8 node (a table), or simpler functions")
    }
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

  /// PRelu: `max(x, 0) + slope * min(x, 0)`; one slope for all is a LeakyRelu.
  static func parametricRelu(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let slope = try lowering.input(node, 1)
    if let constant = lowering.graph[slope].constant, constant.count == 1 {
      var leaky = node
      leaky.op = "LeakyRelu"
      leaky.inputs = [source]
      leaky.attributes["alpha"] = .float(constant.floats[0])
      return try unary(leaky, &lowering)
    }
    let x = try lowering.operand(source, .float)
    let slopes = try lowering.broadcastOperand(slope, .float, order: x.order)
    let dims = lowering[x.tensor].dims
    func temporary(_ suffix: String) -> PlanTensorID {
      lowering.add(
        PlanTensor(
          name: lowering.graph[target].name + suffix, type: .float32, dims: dims, affine: nil,
          storage: .arena))
    }
    let positive = temporary("/positive")
    let negative = temporary("/negative")
    let scaled = temporary("/scaled")
    var parameters = UnaryParameters()
    parameters.kind = Int32(EDGE_UNARY_RELU)
    lowering.emit(.unary, [x.tensor], [positive], parameters)
    parameters.kind = Int32(EDGE_UNARY_CLIP)
    parameters.alpha = -.infinity
    lowering.emit(.unary, [x.tensor], [negative], parameters)
    var binary = BinaryParameters()
    binary.kind = Int32(EDGE_BINARY_MUL)
    lowering.emit(.binary, [negative, slopes], [scaled], binary)
    let y = try lowering.result(target, order: x.order)
    binary.kind = Int32(EDGE_BINARY_ADD)
    lowering.emit(.binary, [positive, scaled], [y.tensor], binary)
    lowering.define(target, as: y)
  }
}
