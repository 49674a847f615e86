import EdgeFormat

extension Plan {
  /// What the report says of a node.
  func summary(_ node: PlanNode) throws -> EmittedFile.NodeSummary {
    func shape(_ id: PlanTensorID) throws -> [Int] {
      try self[id].dims.map { try sizes.bound(of: $0, in: self[id].name) }
    }
    let inputs = node.inputs.compactMap { $0 }
    let constants = Set(inputs.map(root)).filter { self[$0].storage == .weights }
    return EmittedFile.NodeSummary(
      name: node.name, operation: "\(node.opCode.name)", inputShapes: try inputs.map(shape),
      outputShapes: try node.outputs.map(shape),
      precision: precision(node),
      multiplications: try multiplications(node, shape),
      weightBytes: constants.reduce(0) { $0 + self[$1].bytes.count }, blocks: blocks(node))
  }

  /// The kept blocks of a layer with block-sparse weights.
  private func blocks(_ node: PlanNode) -> EmittedFile.Blocks? {
    guard let id = node.blockStarts, let weights = node.inputs[1], let y = node.outputs.first,
      let channels = self[y].dims.last?.constant
    else { return nil }
    let starts = self[id].bytes.withUnsafeBytes { Array($0.bindMemory(to: Int32.self)) }
    guard let count = starts.last, count > 0 else { return nil }
    let outputs = self[weights].bytes.count / Int(count) / 4
    let depth = node.depth { self[$0].dims.last?.constant ?? 0 }
    return EmittedFile.Blocks(
      outputs: outputs,
      density: Double(self[weights].bytes.count) / Double(Swift.max(channels * depth, 1)))
  }

  private func precision(_ node: PlanNode) -> Precision {
    switch node.opCode {
    case .linear: return .dynamic
    case .attention:
      let p = node.parameters.withUnsafeBytes { $0.loadUnaligned(as: AttentionParameters.self) }
      return p.isInt8 != 0 ? .dynamic : .float32
    default:
      let isFloat = node.outputs.first.map { self[$0].type != .int8 } ?? true
      let usesInt8 = node.inputs.first.flatMap { $0 }.map { self[$0].type == .int8 } ?? false
      return isFloat && !(node.opCode.isProduct && usesInt8) ? .float32 : .int8
    }
  }

  private func multiplications(
    _ node: PlanNode, _ shape: (PlanTensorID) throws -> [Int]
  ) throws -> Int {
    guard let output = node.outputs.first, let input = node.inputs.first.flatMap({ $0 }) else {
      return 0
    }
    let count = try shape(output).reduce(1, *)
    if node.opCode.isProduct {
      let p = node.parameters.withUnsafeBytes { $0.loadUnaligned(as: ConvolutionParameters.self) }
      let channels =
        node.opCode == .depthwise ? 1 : (try shape(input).last ?? 0) / max(Int(p.groups), 1)
      return count * channels * Int(p.kernelHeight) * Int(p.kernelWidth)
    }
    if node.opCode == .linear { return count * (try shape(input).last ?? 0) }
    if node.opCode == .attention, let keys = node.inputs[1] {
      let p = node.parameters.withUnsafeBytes { $0.loadUnaligned(as: AttentionParameters.self) }
      let (q, k) = (try shape(input), try shape(keys))
      return (q.reduce(1, *) + count) * k[p.headsFirst & 2 != 0 ? 2 : 1]
    }
    guard node.opCode == .matmul else { return 0 }
    let p = node.parameters.withUnsafeBytes { $0.loadUnaligned(as: MatmulParameters.self) }
    return count * (try shape(input).dropLast(p.transposeA == 1 ? 1 : 0).last ?? 0)
  }
}

extension PlanNode {
  /// The operand that says where bands of block-sparse weights start.
  var blockStarts: PlanTensorID? {
    let position = opCode == .convolution ? 7 : opCode == .linear ? 8 : inputs.count
    return position < inputs.count ? inputs[position] : nil
  }

  /// Products that one output sums.
  func depth(_ channels: (PlanTensorID) -> Int) -> Int {
    let inputs = self.inputs[0].map(channels) ?? 0
    guard opCode == .convolution else { return inputs }
    let p = parameters.withUnsafeBytes { $0.loadUnaligned(as: ConvolutionParameters.self) }
    return inputs / Swift.max(Int(p.groups), 1) * Int(p.kernelHeight) * Int(p.kernelWidth)
  }
}

extension OpCode {
  /// Whether the operator multiplies by weights.
  var isProduct: Bool { self == .convolution || self == .depthwise }
}
