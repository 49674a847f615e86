import EdgeFormat

/// Reads a model that comes quantized as one of real numbers: a QuantizeLinear and the
/// DequantizeLinear nodes behind it become one `Requantize`, and constants that are dequantized
/// remember their `Grid`.
///
/// Integer values keep a real twin through nodes that only move elements. What has no INT8 form
/// (16 bits, scales that differ within an activation) stays as it is and computes what ONNX says.
struct QuantizationReader {
  /// What an integer value stands for.
  private struct Twin {
    var value: ValueID
    var affine: AffineParameters
  }

  private var expansion: Expansion
  private var twins: [ValueID: Twin] = [:]
  private var found = false

  /// The model of reals; nil when no activation is quantized to 8 bits.
  static func read(_ imported: Graph) throws -> Graph? {
    guard imported.nodes.contains(where: { isQuantized($0) }) else { return nil }
    var reader = QuantizationReader(expansion: Expansion(imported))
    for node in imported.nodes { try reader.visit(node) }
    return reader.found ? reader.expansion.whole : nil
  }

  private static func isQuantized(_ node: Node) -> Bool {
    ["QuantizeLinear", "DequantizeLinear", "QLinearConv", "QLinearMatMul"].contains(node.op)
  }

  private mutating func visit(_ node: Node) throws {
    guard node.domain.isEmpty else { return expansion.append(node) }
    switch node.op {
    case "QuantizeLinear": try quantize(node)
    case "DequantizeLinear": try dequantize(node)
    case "QLinearConv": try linear(node, "Conv", bias: 8)
    case "QLinearMatMul": try linear(node, "MatMul", bias: nil)
    case _ where QuantizationReader.movements.contains(node.op): try move(node)
    default: try expansion.visit(node, \.body)
    }
  }

  private mutating func quantize(_ node: Node) throws {
    try expansion.visit(node, \.body)
    guard let x = node.input(0), expansion.graph[x].constant == nil,
      let type = try? Operator.quantizedType(node, expansion.graph),
      let affine = parameters(node, type), let y = node.output(0)
    else { return }
    let real = expansion.value("\(expansion.graph[y].name)/real")
    requantize(node, x, real, affine)
    twins[y] = Twin(value: real, affine: affine)
  }

  private mutating func dequantize(_ node: Node) throws {
    guard let codes = node.input(0), let target = node.output(0),
      let type = expansion.graph[codes].type
    else { return try expansion.visit(node, \.body) }
    if let twin = twins[codes], twin.affine == parameters(node, type) {
      return expansion.append(
        Node(
          name: node.name, op: "Identity", opset: Operator.latestOpset, inputs: [twin.value],
          outputs: [target]))
    }
    guard expansion.graph[codes].constant == nil, let affine = parameters(node, type) else {
      try expansion.visit(node, \.body)
      expansion.graph[target].grid = grid(node, type)
      return
    }
    var plain = node
    let real = expansion.value("\(expansion.graph[target].name)/real")
    plain.outputs = [real]
    try expansion.visit(plain, \.body)
    requantize(node, real, target, affine)
  }

  private mutating func requantize(
    _ node: Node, _ x: ValueID, _ y: ValueID, _ affine: AffineParameters
  ) {
    found = true
    expansion.append(
      Node(
        name: node.name, op: "Requantize", opset: Operator.latestOpset, inputs: [x], outputs: [y],
        attributes: affine.attributes))
  }

  /// Scale and zero point of a node with one of each, for int8 codes; uint8 codes are 128 more.
  private func parameters(_ node: Node, _ type: ElementType) -> AffineParameters? {
    guard type == .int8 || type == .uint8, let scale = expansion.graph.constant(node, 1),
      scale.count == 1, let step = scale.scalar, step >= AffineParameters.minimumScale,
      step.isFinite
    else { return nil }
    guard node.input(2) != nil else {
      return AffineParameters(scale: step, zeroPoint: type == .uint8 ? -128 : 0)
    }
    guard let zero = expansion.graph.constant(node, 2), zero.count == 1 else { return nil }
    return AffineParameters(
      scale: step, zeroPoint: Int32(zero.integers[0]) - (type == .uint8 ? 128 : 0))
  }

  /// The grid of a constant that a DequantizeLinear makes; nil for blocks and run-time scales.
  private func grid(_ node: Node, _ type: ElementType) -> Grid? {
    guard let target = node.output(0), let shape = expansion.graph[target].constant?.shape,
      let scales = expansion.graph.constant(node, 1)?.floats,
      scales.allSatisfy({ $0 > 0 && $0.isFinite })
    else { return nil }
    if scales.count == 1 {
      return Grid(scales: scales, zeroPoint: parameters(node, type)?.zeroPoint ?? 0)
    }
    guard let axis = try? axis(node.int("axis", 1), rank: shape.count, node),
      scales.count == shape[axis], node.int("block_size", 0) == 0
    else { return nil }
    return Grid(scales: scales, axis: axis)
  }
}

// MARK: Integer operators

extension QuantizationReader {
  private static let movements: Set<String> = [
    "Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split",
    "Gather", "Concat", "MaxPool", "Expand", "Tile",
  ]

  /// A node that moves codes moves their twins too.
  private mutating func move(_ node: Node) throws {
    try expansion.visit(node, \.body)
    let moved = node.op == "Concat" ? node.inputs : Array(node.inputs.prefix(1))
    let sources = moved.map { $0.flatMap { twins[$0] } }
    guard case let first?? = sources.first,
      sources.allSatisfy({ $0?.affine == first.affine }),
      node.op != "MaxPool" || node.output(1) == nil
    else { return }
    var twin = node
    for index in moved.indices { twin.inputs[index] = sources[index]?.value }
    for case let (index, output?) in node.outputs.enumerated() {
      let real = expansion.value("\(expansion.graph[output].name)/real")
      twin.outputs[index] = real
      twins[output] = Twin(value: real, affine: first.affine)
    }
    expansion.append(twin)
  }

  /// QLinearConv and QLinearMatMul: dequantize, compute, quantize.
  private mutating func linear(_ node: Node, _ op: String, bias: Int?) throws {
    guard let output = node.output(0),
      let rank = node.input(3).flatMap({ expansion.graph[$0].shape }),
      [1, 6].allSatisfy({ expansion.graph.constant(node, $0)?.count == 1 })
    else { return try expansion.visit(node, \.body) }
    let name = expansion.graph[output].name
    func part(_ op: String, _ inputs: [Int?], axis: Int) -> Node {
      Node(
        name: node.name, op: op, opset: Operator.latestOpset,
        inputs: inputs.map { $0.flatMap(node.input) }, outputs: [output],
        attributes: ["axis": .int(Int64(axis))])
    }
    var product = node
    product.op = op
    product.inputs = []
    var operands = [part("DequantizeLinear", [0, 1, 2], axis: 1)]
    operands.append(part("DequantizeLinear", [3, 4, 5], axis: op == "Conv" ? 0 : rank.count - 1))
    if let bias, node.input(bias) != nil {
      let scale = expansion.value("\(name)/scale")
      expansion.append(
        Node(
          name: node.name, op: "Mul", opset: Operator.latestOpset,
          inputs: [node.input(1), node.input(4)], outputs: [scale]))
      operands.append(part("DequantizeLinear", [bias, nil], axis: 0))
      operands[2].inputs[1] = scale
    }
    for var operand in operands {
      let real = expansion.value("\(name)/operand")
      operand.outputs = [real]
      product.inputs.append(real)
      try visit(operand)
    }
    let real = expansion.value("\(name)/product")
    product.outputs = [real]
    try visit(product)
    var last = part("QuantizeLinear", [nil, 6, 7], axis: 1)
    last.inputs[0] = real
    try visit(last)
  }
}
