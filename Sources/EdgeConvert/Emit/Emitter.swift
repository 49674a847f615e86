import EdgeFormat

/// Turns a plan into the bytes of a `.edge` file.
struct Emitter {
  private let plan: Plan
  private let lifetimes: Lifetimes
  private let memory: MemoryPlanner
  private let used: [PlanTensorID]
  /// Where each state begins in the session's state block, and the block's bytes.
  private let stateOffsets: [PlanTensorID: Int]
  private let stateBytes: Int
  /// Record index of each plan tensor.
  private let index: [PlanTensorID: Int]
  private var names = NameTable()
  private var weights = WeightSection()
  private var sizes: SizeTable
  private var parameters: [UInt8] = []
  private var operands: [UInt32] = []

  /// Finds the place of every tensor.
  init(_ plan: Plan) throws {
    self.plan = plan
    lifetimes = try Lifetimes(plan)
    memory = MemoryPlanner(lifetimes.blocks)
    used = plan.used
    var index: [PlanTensorID: Int] = [:]
    for (position, id) in used.enumerated() { index[id] = position }
    self.index = index
    sizes = SizeTable(plan.sizes.symbols.map(\.name) + plan.foundSizes.map(\.name))
    var offsets: [PlanTensorID: Int] = [:]
    var end = 0
    for state in plan.states {
      offsets[state.root] = end
      end = Writer.aligned(end + (try plan.byteBound(state.root)))
    }
    stateOffsets = offsets
    stateBytes = end
  }

  /// The file, its digest included.
  consuming func emit(
    metadata: [(key: String, value: String)], certificates: [CertificateRecord] = []
  ) throws -> EmittedFile {
    let tensors = try used.map { try record(of: $0) }
    let nodes = try plan.nodes.map { try record(of: $0) }
    let symbols =
      try plan.sizes.symbols.map { try record(of: $0) } + plan.foundSizes.map { record(of: $0) }
    let entries = try metadataRecords(metadata)
    var writer = Writer()
    writer.header.arenaBytes = UInt64(memory.total)
    writer.header.arenaLowerBound = UInt64(memory.lowerBound)
    writer.header.stateBytes = UInt64(stateBytes)
    if plan.nodes.contains(where: { $0.blockStarts != nil }) {
      writer.header.requiredFeatures |= Header.blockSparseFeature
    }
    writer.add(.tensors, records: tensors)
    writer.add(.nodes, records: nodes)
    writer.add(.operands, records: operands)
    writer.add(.parameters, parameters)
    writer.add(.weights, weights.finished())
    writer.add(.names, names.bytes)
    writer.add(.metadata, records: entries)
    writer.add(.interface, interface(), count: plan.inputs.count + plan.outputs.count)
    writer.add(.symbols, records: symbols)
    writer.add(.expressions, records: sizes.records)
    let summaries = try plan.nodes.map { try plan.summary($0) }
    if plan.nodes.contains(where: { $0.opCode == .exit || $0.opCode == .skip }) {
      writer.add(.costs, records: NodeCost.table(summaries))
    }
    if !certificates.isEmpty { writer.add(.certificates, records: certificates) }
    let bytes = try FileSeal.sealed(writer.finish())
    return EmittedFile(
      bytes: bytes, arenaBytes: memory.total, arenaLowerBound: memory.lowerBound,
      stateBytes: stateBytes,
      weightBytes: weights.bytes.count, nodes: summaries,
      values: locations(), states: try stateSummaries(), notes: plan.sizes.notes)
  }

  private mutating func record(of symbol: RuntimeSizes.Symbol) throws -> SymbolRecord {
    var record = SymbolRecord()
    switch symbol.source {
    case .input(let position, let axis):
      record.source = SizeSource.input.rawValue
      record.input = UInt32(position)
      record.axis = UInt16(axis)
    case .counter(let next):
      record.source = SizeSource.counter.rawValue
      record.input = UInt32(try sizes.index(of: next))
    case .tokens(let standard):
      record.source = SizeSource.tokens.rawValue
      record.input = UInt32(standard)
    }
    record.bound = Int32(symbol.bound)
    record.name = names.offset(of: symbol.name)
    return record
  }

  private mutating func record(of found: Plan.FoundSize) -> SymbolRecord {
    var record = SymbolRecord()
    record.source = SizeSource.node.rawValue
    record.input = UInt32(found.node)
    record.axis = UInt16(found.axis)
    record.bound = Int32(found.bound)
    record.name = names.offset(of: found.name)
    return record
  }

  private mutating func record(of id: PlanTensorID) throws -> TensorRecord {
    let tensor = plan[id]
    guard tensor.dims.count <= TensorRecord.maxRank else {
      throw ConversionError.invalid(
        "tensor '\(tensor.name)' has \(tensor.dims.count) axes; the runtime has at most \(TensorRecord.maxRank)"
      )
    }
    var record = TensorRecord()
    record.name = names.offset(of: tensor.name)
    record.elementType = tensor.type.rawValue
    record.storage = tensor.storage.rawValue
    record.rank = UInt8(tensor.dims.count)
    record.isState = plan.states.contains { $0.root == id } ? 1 : 0
    record.scale = tensor.affine?.scale ?? 0
    record.zeroPoint = tensor.affine?.zeroPoint ?? 0
    for (axis, size) in tensor.dims.enumerated() {
      let bound = try plan.sizes.bound(of: size, in: tensor.name)
      withUnsafeMutableBytes(of: &record.dims) {
        $0.storeBytes(of: Int32(bound), toByteOffset: axis * 4, as: Int32.self)
      }
      guard size.constant == nil else { continue }
      record.dynamicAxes |= 1 << UInt32(axis)
      guard let expression = UInt16(exactly: try sizes.index(of: size) + 1) else {
        throw ConversionError.invalid(
          "the model has more than \(UInt16.max) distinct run-time sizes")
      }
      withUnsafeMutableBytes(of: &record.expressions) {
        $0.storeBytes(of: expression, toByteOffset: axis * 2, as: UInt16.self)
      }
    }
    record.bytes = UInt64(try plan.byteBound(id))
    switch tensor.storage {
    case .weights: record.offset = UInt64(weights.offset(of: plan[plan.root(id)].bytes))
    case .arena: record.offset = UInt64(lifetimes.blockOfTensor[id].map { memory.offsets[$0] } ?? 0)
    case .state: record.offset = UInt64(stateOffsets[plan.root(id)] ?? 0)
    }
    return record
  }

  private mutating func record(of node: PlanNode) throws -> NodeRecord {
    guard let inputs = UInt8(exactly: node.inputs.count),
      let outputs = UInt8(exactly: node.outputs.count)
    else {
      throw ConversionError.invalid(
        "node '\(node.name)' has \(node.inputs.count) inputs and \(node.outputs.count) outputs; 255 are possible"
      )
    }
    var record = NodeRecord()
    record.opCode = node.opCode.rawValue
    record.inputCount = inputs
    record.outputCount = outputs
    record.operandStart = UInt32(operands.count)
    record.parameterOffset = UInt32(parameters.count)
    record.parameterBytes = UInt32(node.parameters.count)
    record.name = names.offset(of: node.name)
    parameters += node.parameters
    for input in node.inputs { operands.append(reference(input)) }
    for output in node.outputs { operands.append(reference(output)) }
    return record
  }

  private func reference(_ id: PlanTensorID?) -> UInt32 {
    id.flatMap { index[$0] }.map { UInt32($0) } ?? NodeRecord.absent
  }

  private mutating func metadataRecords(
    _ metadata: [(key: String, value: String)]
  ) throws -> [MetadataRecord] {
    let sorted = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    for (a, b) in zip(sorted, sorted.dropFirst()) where a.key == b.key {
      throw ConversionError.usage(
        "metadata key '\(a.key)' is given twice, as '\(a.value)' and '\(b.value)'; give it once")
    }
    return sorted.map { entry in
      var record = MetadataRecord()
      record.key = names.offset(of: entry.key)
      record.value = names.offset(of: entry.value)
      return record
    }
  }

  private func interface() -> [UInt8] {
    var record = InterfaceRecord()
    record.inputCount = UInt32(plan.inputs.count)
    record.outputCount = UInt32(plan.outputs.count)
    var bytes: [UInt8] = []
    Writer.append(record, to: &bytes)
    for id in plan.inputs + plan.outputs { Writer.append(reference(id), to: &bytes) }
    return bytes
  }

  private func stateSummaries() throws -> [EmittedFile.StateSummary] {
    try plan.states.map { state in
      let tensor = plan[state.root]
      return EmittedFile.StateSummary(
        name: tensor.name, type: "\(tensor.type)",
        shape: try tensor.dims.map { try plan.sizes.bound(of: $0, in: tensor.name) },
        growsTo: tensor.dims.first { $0.constant == nil }?.description,
        bytes: try plan.byteBound(state.root))
    }
  }

  private func locations() -> [String: EmittedFile.Location] {
    var writer: [PlanTensorID: Int] = [:]
    for (position, node) in plan.nodes.enumerated() {
      for output in node.outputs { writer[plan.root(output)] = position }
    }
    var shown: [PlanTensorID: Int] = [:]
    for id in used.reversed() { shown[plan.root(id)] = index[id] }
    return plan.values.compactMapValues { stored in
      let root = plan.root(stored.tensor)
      guard let tensor = index[stored.tensor] ?? shown[root] else { return nil }
      return EmittedFile.Location(tensor: tensor, order: stored.order, node: writer[root])
    }
  }
}
