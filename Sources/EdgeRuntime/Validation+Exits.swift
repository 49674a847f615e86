import EdgeFormat

extension Model {
  /// Most exits and outputs of a plan with exits.
  static let exitLimit = 64

  /// The nodes of an exit: its head, itself, its tail.
  struct ExitRange {
    let start: Int
    let exit: Int
    let end: Int

    var nodes: Range<Int> { start..<end }
  }

  /// The first exit at or after a node; nil after the last.
  func exitRange(from node: Int) -> ExitRange? {
    guard exitCount > 0 else { return nil }
    for index in node..<nodeCount where nodes[index].opCode == OpCode.exit.rawValue {
      let parameters = exitParameters(index)
      return ExitRange(
        start: index - Int(parameters.headNodes), exit: index,
        end: index + 1 + Int(parameters.tailNodes))
    }
    return nil
  }

  /// The parameters of an exit, which its operator has found whole.
  func exitParameters(_ node: Int) -> ExitParameters {
    (parameters + Int(nodes[node].parameterOffset)).loadUnaligned(as: ExitParameters.self)
  }

  /// Throws unless the exits are numbered in order, their heads and tails lie beside them and apart from each
  /// other, every output is written when one of them is taken, and certificates speak of them.
  ///
  /// Called when the nodes are known to be sound.
  mutating func checkExits() throws(EdgeError) {
    var free = 0
    for index in 0..<nodeCount where nodes[index].opCode == OpCode.exit.rawValue {
      let parameters = exitParameters(index)
      exitCount += 1
      guard Int(parameters.number) == exitCount, exitCount <= Model.exitLimit,
        outputCount <= Model.exitLimit, parameters.headNodes >= 0,
        Int(parameters.headNodes) <= index - free, parameters.tailNodes >= 0,
        Int(parameters.tailNodes) < nodeCount - index,
        isPlain(index - Int(parameters.headNodes), index),
        isPlain(index + 1, index + 1 + Int(parameters.tailNodes))
      else {
        throw EdgeError(
          .modelCorrupt, "exit %0 is out of order, or its head or tail is not beside it",
          Int(parameters.number)
        ).at(section: .nodes, node: index)
      }
      free = index + 1 + Int(parameters.tailNodes)
      for position in 0..<outputCount where !isWritten(output: position, by: index) {
        throw EdgeError(
          .modelCorrupt, "output %0 has no value when exit %1 is taken", position, exitCount
        ).at(section: .nodes, node: index)
      }
      for position in 0..<certificateCount {
        let certificate = certificates[position]
        guard certificate.criterion == parameters.criterion,
          certificate.threshold <= parameters.threshold
        else {
          throw EdgeError(
            .modelCorrupt, "certificate %0 is not of the threshold of exit %1", position, exitCount
          ).at(section: .certificates, node: index)
        }
      }
    }
  }

  /// Whether no node in a range ends or steers a run, or sets a size that others depend on.
  func isPlain(_ start: Int, _ end: Int) -> Bool {
    for index in start..<end {
      guard let code = OpCode(rawValue: nodes[index].opCode), code != .exit, code != .skip,
        !code.findsSize
      else { return false }
    }
    return true
  }

  /// Whether an output has its value when an exit is taken: its tail writes it, or a node that every run
  /// passes before.
  private func isWritten(output position: Int, by exit: Int) -> Bool {
    let output = outputRecord(position)
    var index = 0
    while let range = exitRange(from: index), range.exit <= exit {
      for node in index..<range.start where writes(node, output) { return true }
      if range.exit == exit { return (exit + 1..<range.end).contains { writes($0, output) } }
      index = range.end
    }
    return false
  }

  private func writes(_ node: Int, _ output: TensorRecord) -> Bool {
    let first = Int(nodes[node].operandStart) + Int(nodes[node].inputCount)
    for operand in first..<first + Int(nodes[node].outputCount)
    where operands[operand] != NodeRecord.absent {
      let written = tensors[Int(operands[operand])]
      // A reshaped output is another tensor of the same bytes.
      if written.storage == output.storage, written.offset == output.offset,
        written.bytes == output.bytes
      {
        return true
      }
    }
    return false
  }
}
