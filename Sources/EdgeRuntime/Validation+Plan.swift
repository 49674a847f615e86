import CEdgeHost
import CEdgeKernels
import EdgeFormat

extension Model {
  func checkTensors() throws(EdgeError) {
    for index in 0..<tensorCount {
      let record = tensors[index]
      guard let type = ElementType(rawValue: record.elementType),
        let storage = Storage(rawValue: record.storage), Int(record.rank) <= TensorRecord.maxRank,
        isName(record.name)
      else { throw corrupt("tensor %0 has an unknown type or place, or no name", index) }
      guard record.scale >= 0, record.scale.isFinite, record.zeroPoint >= -32768,
        record.zeroPoint <= 32767
      else {
        throw corrupt("the quantization of tensor %0 is not sound", index)
      }
      var bytes = type.byteCount
      for axis in 0..<Int(record.rank) {
        let size = record.dimension(axis)
        guard size >= 0, bytes == 0 || size <= Model.limit / max(1, bytes) else {
          throw corrupt("axis %1 of tensor %0 has size %2", index, axis, size)
        }
        bytes *= size
        guard record.expression(axis) <= expressionCount,
          (record.expression(axis) != 0) == (record.dynamicAxes >> UInt32(axis) & 1 == 1)
        else {
          throw corrupt("axis %1 of tensor %0 refers to a size that is not there", index, axis)
        }
      }
      let area =
        switch storage {
        case .arena: header.arenaBytes
        case .state: header.stateBytes
        case .weights: UInt64(weightBytes)
        }
      let alignment: UInt64 = storage == .weights ? 16 : 64
      guard record.bytes == UInt64(bytes), record.offset % alignment == 0, record.offset <= area,
        area - record.offset >= record.bytes
      else { throw corrupt("tensor %0 of %1 bytes does not fit where it is placed", index, bytes) }
      if storage == .state, record.initial != TensorRecord.noInitialValue {
        guard record.initial <= UInt64(weightBytes),
          UInt64(weightBytes) - record.initial >= record.bytes
        else {
          throw corrupt("the initial value of tensor %0 is not in the file", index)
        }
      }
    }
  }

  func checkInterface() throws(EdgeError) {
    for position in 0..<inputCount + outputCount {
      guard Int(interface[position]) < tensorCount else {
        throw EdgeError(
          .modelCorrupt, "input or output %0 is tensor %1 of %2", position,
          Int(interface[position]), tensorCount
        )
        .at(section: .interface)
      }
      let record = tensors[Int(interface[position])]
      guard record.storage != Storage.weights.rawValue else {
        throw EdgeError(.modelCorrupt, "input or output %0 lies in the weights", position).at(
          section: .interface)
      }
    }
  }

  func checkExpressions() throws(EdgeError) {
    for index in 0..<expressionCount {
      let record = expressions[index]
      let sound =
        switch ExpressionKind(rawValue: record.kind) {
        case nil: false
        case .constant: true
        case .symbol: record.left >= 0 && Int(record.left) < symbolCount
        case .add, .multiply, .floorDivide, .maximum, .minimum:
          record.left >= 0 && Int(record.left) < index && record.right >= 0
            && Int(record.right) < index
        }
      guard sound else {
        throw EdgeError(.modelCorrupt, "size expression %0 is not sound", index).at(
          section: .expressions)
      }
    }
  }

  /// Throws unless every symbol is an axis, of its bound, of an input or of what a node of a
  /// data-dependent size writes, or the session counts it.
  ///
  /// Called when the nodes are known to be sound.
  mutating func checkSymbols() throws(EdgeError) {
    for index in 0..<symbolCount {
      let symbol = symbols[index]
      guard isName(symbol.name), isSet(symbol) else {
        throw EdgeError(
          .modelCorrupt, "size symbol %0 is no axis of an input or a result of unknown size", index
        ).at(section: .symbols)
      }
    }
  }

  private mutating func isSet(_ symbol: SymbolRecord) -> Bool {
    if symbol.source == SizeSource.counter.rawValue {
      hasCounters = true
      return symbol.bound >= 0 && Int(symbol.input) < expressionCount
    }
    if symbol.source == SizeSource.tokens.rawValue {
      hasTokens = true
      standardTokens = min(Int(symbol.input), allTokens)
      return Int(symbol.bound) == allTokens && symbol.input >= 1
        && symbol.input <= UInt32(allTokens)
    }
    guard let record = symbolTensor(symbol), symbol.axis < record.rank else { return false }
    return Int(symbol.bound) == record.dimension(Int(symbol.axis))
  }

  /// The tensor whose axis sets a symbol.
  private mutating func symbolTensor(_ symbol: SymbolRecord) -> TensorRecord? {
    let position = Int(symbol.input)
    switch SizeSource(rawValue: symbol.source) {
    case .input: return position < inputCount ? inputRecord(position) : nil
    case .node:
      guard position < nodeCount, OpCode(rawValue: nodes[position].opCode)?.findsSize == true
      else { return nil }
      hasFoundSizes = true
      let node = nodes[position]
      return tensors[Int(operands[Int(node.operandStart) + Int(node.inputCount)])]
    case .counter, .tokens, nil: return nil
    }
  }

  /// Throws unless the expressions give every dynamic axis its bound when the symbols have theirs:
  /// the sizes at which the nodes are checked are those at which a session begins.
  func checkBounds() throws(EdgeError) {
    let count = symbolCount + expressionCount
    guard count > 0 else { return }
    guard let block = edge_host_allocate(count * MemoryLayout<Int>.stride) else {
      throw EdgeError(.outOfMemory, "no memory to validate %0 sizes", count)
    }
    defer { edge_host_free(block) }
    let sizes = block.bindMemory(to: Int.self, capacity: count)
    for index in 0..<symbolCount { sizes[index] = Int(symbols[index].bound) }
    evaluateExpressions(sizes)
    for index in 0..<tensorCount {
      let record = tensors[index]
      for axis in 0..<Int(record.rank) where record.expression(axis) != 0 {
        let size = sizes[symbolCount + record.expression(axis) - 1]
        guard size == record.dimension(axis) else {
          throw corrupt("tensor %0 has a bound that is not what its size expression gives", index)
        }
      }
    }
  }

  func checkMetadata() throws(EdgeError) {
    for index in 0..<metadataCount {
      guard isName(metadata[index].key), isName(metadata[index].value),
        index == 0 || compareBytes(name(metadata[index - 1].key), name(metadata[index].key)) < 0
      else {
        throw EdgeError(.modelCorrupt, "metadata entry %0 is not sound", index).at(
          section: .metadata)
      }
    }
  }

  /// Checks every node with its operator's own rules, at the bounds of dynamic axes, and sums up
  /// scratch.
  mutating func checkNodes() throws(EdgeError) {
    let stride = MemoryLayout<TensorSlot>.stride
    guard let block = edge_host_allocate(max(1, tensorCount) * stride) else {
      throw EdgeError(.outOfMemory, "no memory to validate a model of %0 tensors", tensorCount)
    }
    defer { edge_host_free(block) }
    let slots = block.bindMemory(to: TensorSlot.self, capacity: max(1, tensorCount))
    for index in 0..<tensorCount {
      // Operators look at the data of weights only.
      (slots + index).initialize(to: slot(index, arena: block, state: block))
    }
    var scratch = 0
    for index in 0..<nodeCount {
      let node = try checkedView(index, slots)
      try OperatorTable.check(node)
      scratch = max(
        scratch,
        hasDynamicOutput(index)
          ? OperatorTable.largestWorkspaceBytes(node) : OperatorTable.workspaceBytes(node))
    }
    guard scratch <= Model.limit else { throw corrupt("node scratch of %0 bytes", scratch) }
    scratchBytes = (scratch + 63) & ~63
  }

  private func hasDynamicOutput(_ index: Int) -> Bool {
    let record = nodes[index]
    let first = Int(record.operandStart) + Int(record.inputCount)
    for position in first..<(first + Int(record.outputCount))
    where operands[position] != NodeRecord.absent {
      if tensors[Int(operands[position])].dynamicAxes != 0 { return true }
    }
    return false
  }

  private func checkedView(
    _ index: Int, _ slots: UnsafeMutablePointer<TensorSlot>
  ) throws(EdgeError) -> NodeView {
    let record = nodes[index]
    let operandEnd = Int(record.operandStart) + Int(record.inputCount) + Int(record.outputCount)
    guard operandEnd <= operandCount, isName(record.name), record.parameterOffset % 4 == 0,
      Int(record.parameterOffset) <= parameterBytes,
      parameterBytes - Int(record.parameterOffset) >= Int(record.parameterBytes)
    else {
      throw EdgeError(
        .modelCorrupt, "node %0 refers to operands or parameters that are not there", index
      )
      .at(section: .nodes, node: index)
    }
    for position in Int(record.operandStart)..<operandEnd {
      let operand = operands[position]
      guard operand == NodeRecord.absent || Int(operand) < tensorCount else {
        throw EdgeError(
          .modelCorrupt, "node %0 uses tensor %1 of %2", index, Int(operand), tensorCount
        )
        .at(section: .nodes, node: index)
      }
    }
    guard let view = view(index, slots) else {
      throw EdgeError(
        .featureUnsupported,
        "node %0 has operator code %1, which this runtime does not know: update the library",
        index, Int(record.opCode)
      ).at(section: .nodes, node: index)
    }
    let isInt8 = view.has(0) && view.input(0).type == .int8
    guard edge_operator_set_has(Int32(record.opCode), isInt8 ? 1 : 0) != 0 else {
      throw EdgeError(
        .featureUnsupported,
        "node %0 has operator code %1, which this build of the library lacks: build it for this model, or whole",
        index, Int(record.opCode)
      ).at(section: .nodes, node: index)
    }
    return view
  }

  private func isName(_ offset: UInt32) -> Bool { Int(offset) < nameBytes }

  private func corrupt(_ text: StaticString, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0) -> EdgeError
  {
    EdgeError(.modelCorrupt, text, a, b, c).at(section: .tensors)
  }
}
