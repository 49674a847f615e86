import EdgeFormat

extension Model {
  /// Most blocks that a plan can offer to skip: a run's choice is one bit each.
  static let skipLimit = 64

  /// The parameters of a skip, which its operator has found whole.
  func skipParameters(_ node: Int) -> SkipParameters {
    (parameters + Int(nodes[node].parameterOffset)).loadUnaligned(as: SkipParameters.self)
  }

  /// The first skip at or after a node; nil after the last.
  func skip(from node: Int) -> Int? {
    guard skipCount > 0 else { return nil }
    for index in node..<nodeCount where nodes[index].opCode == OpCode.skip.rawValue { return index }
    return nil
  }

  /// The parameters of a node that is a skip; nil for another.
  public func skip(at node: Int) -> SkipParameters? {
    nodes[node].opCode == OpCode.skip.rawValue ? skipParameters(node) : nil
  }

  /// Throws unless blocks and bypasses lie behind their skips and apart from each other, both end in the same
  /// result, and ranks are an order.
  ///
  /// Called when the nodes are known to be sound.
  mutating func checkSkips() throws(EdgeError) {
    var free = 0
    var ranks: UInt64 = 0
    for index in 0..<nodeCount where nodes[index].opCode == OpCode.skip.rawValue {
      let parameters = skipParameters(index)
      guard index >= free, skipCount < Model.skipLimit, exitCount == 0,
        parameters.blockNodes > 0, parameters.bypassNodes > 0,
        Int(parameters.blockNodes) + Int(parameters.bypassNodes) < nodeCount - index,
        (0..<Model.skipLimit).contains(Int(parameters.rank)),
        ranks >> UInt64(parameters.rank) & 1 == 0, parameters.standard >= 0,
        skipCount == 0 || Int(parameters.standard) == standardSkips
      else { throw corruptSkip(index) }
      ranks |= 1 << UInt64(parameters.rank)
      standardSkips = Int(parameters.standard)
      skipCount += 1
      let bypass = index + 1 + Int(parameters.blockNodes)
      free = bypass + Int(parameters.bypassNodes)
      guard isPlain(index + 1, free), writeTheSame(bypass - 1, free - 1) else {
        throw corruptSkip(index)
      }
    }
    guard ranks & (ranks &+ 1) == 0, standardSkips <= skipCount else { throw corruptSkip(0) }
  }

  /// Throws unless certificates of a plan without exits speak of as many skips, or of as many tokens, as its runs make.
  ///
  /// Called when exits, skips and symbols are known to be sound.
  func checkCertificates() throws(EdgeError) {
    guard exitCount == 0 else { return }
    for position in 0..<certificateCount {
      let certificate = certificates[position]
      let isSound =
        skipCount > 0
        ? certificate.criterion == 0 && certificate.threshold >= Float(standardSkips)
        : certificate.criterion == CertificateRecord.ofTokens && hasTokens
          && certificate.threshold <= Float(standardTokens) / Float(allTokens)
      guard isSound else {
        throw EdgeError(
          .modelCorrupt, "certificate %0 is not of what the plan leaves out", position
        ).at(section: .certificates)
      }
    }
  }

  private func corruptSkip(_ node: Int) -> EdgeError {
    EdgeError(.modelCorrupt, "a skip is out of order, or its block or bypass is not behind it").at(
      section: .nodes, node: node)
  }

  /// Whether the first result of one node lies where that of another does.
  private func writeTheSame(_ a: Int, _ b: Int) -> Bool {
    func result(_ node: Int) -> TensorRecord? {
      let first = Int(nodes[node].operandStart) + Int(nodes[node].inputCount)
      guard nodes[node].outputCount > 0, operands[first] != NodeRecord.absent else { return nil }
      return tensors[Int(operands[first])]
    }
    guard let a = result(a), let b = result(b) else { return false }
    return a.storage == b.storage && a.offset == b.offset && a.bytes == b.bytes
  }
}
