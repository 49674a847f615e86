import EdgeFormat

extension Lowering {
  /// Appends the choice before a block.
  mutating func skip(_ index: Int) {
    let block = graph.skips[index]
    var parameters = SkipParameters()
    parameters.rank = Int32(block.rank)
    parameters.standard = Int32(graph.standardSkips)
    emit(.skip, [], [], parameters)
    nodes[nodes.count - 1].name = block.name
  }

  /// Appends what makes a bypass give the block's result as the block stores it; `Plan.join` lays both in one place.
  mutating func join(_ index: Int) throws {
    let block = graph.skips[index]
    guard let result = forms[block.output]?.first else {
      throw ConversionError.invalid("the block '\(block.name)' is joined before it is computed")
    }
    let representation: Representation =
      self[result.tensor].affine.map { .int8($0) } ?? .type(self[result.tensor].type)
    let stored = try operand(block.bypass, representation, order: result.order)
    let root = self[stored.tensor].alias ?? stored.tensor
    let isOwn = nodes.contains { node in
      node.part == .bypass(index)
        && node.outputs.contains { (self[$0].alias ?? $0) == root }
    }
    var made = stored
    if !isOwn {
      made = try self.result(like: stored.tensor, block.output, order: result.order)
      emit(.copy, [stored.tensor], [made.tensor])
    }
    bypasses.append((made.tensor, result.tensor))
  }
}

extension Plan {
  /// Lets bypasses write where the blocks do that they stand for.
  mutating func join(_ bypasses: [(made: PlanTensorID, result: PlanTensorID)]) {
    for (made, result) in bypasses {
      let (own, home) = (root(made), root(result))
      for index in tensors.indices where root(PlanTensorID(index: index)) == own {
        tensors[index].alias = home
      }
    }
  }

  /// Writes into each skip how many nodes its block and bypass have.
  mutating func countSkipParts() {
    var index = 0
    for position in nodes.indices where nodes[position].opCode == .skip {
      var parameters = nodes[position].parameters.withUnsafeBytes {
        $0.loadUnaligned(as: SkipParameters.self)
      }
      parameters.blockNodes = Int32(nodes.count { $0.part == .block(index) })
      parameters.bypassNodes = Int32(nodes.count { $0.part == .bypass(index) })
      nodes[position].parameters = withUnsafeBytes(of: parameters) { Array($0) }
      index += 1
    }
  }
}
