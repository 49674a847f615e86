import EdgeFormat

/// When each piece of storage in the arena is needed, tensors that share it merged.
struct Lifetimes: Sendable {
  /// Blocks of the arena.
  private(set) var blocks: [MemoryPlanner.Block] = []
  /// Block of each tensor that lies in the arena, by tensor index.
  private(set) var blockOfTensor: [PlanTensorID: Int] = [:]

  /// Finds the lifetimes of a plan.
  ///
  /// Inputs and outputs keep their place over the whole run, so that a caller may set one
  /// input and leave the others, and read an output while it sets the next input.
  /// - Throws: `ConversionError` when a size has no bound.
  init(_ plan: Plan) throws {
    var bytes: [PlanTensorID: Int] = [:]
    var first: [PlanTensorID: Int] = [:]
    var last: [PlanTensorID: Int] = [:]
    func touch(_ id: PlanTensorID, _ time: Int) {
      let root = plan.root(id)
      guard plan[root].storage == .arena else { return }
      first[root] = min(first[root] ?? time, time)
      last[root] = max(last[root] ?? time, time)
    }
    for input in plan.inputs {
      touch(input, 0)
      touch(input, plan.nodes.count)
    }
    for (index, node) in plan.nodes.enumerated() {
      for case let id? in node.inputs + node.outputs { touch(id, index) }
    }
    for output in plan.outputs { touch(output, plan.nodes.count) }
    for root in first.keys { bytes[root] = try plan.byteBound(root) }
    let pinned = Set((plan.inputs + plan.outputs).map(plan.root))
    var owner: [PlanTensorID: PlanTensorID] = [:]
    for (index, node) in plan.nodes.enumerated() {
      guard let (input, output) = plan.inPlace(node) else { continue }
      let source = plan.root(input)
      let target = plan.root(output)
      guard source != target, !pinned.contains(source), first[source] != nil,
        first[target] == index,
        last[source] == index
      else { continue }
      owner[target] = owner[source] ?? source
    }
    build(first: first, last: last, bytes: bytes, owner: owner)
    for id in plan.used {
      let root = plan.root(id)
      if let block = blockOfTensor[owner[root] ?? root] { blockOfTensor[id] = block }
    }
  }

  private mutating func build(
    first: [PlanTensorID: Int], last: [PlanTensorID: Int], bytes: [PlanTensorID: Int],
    owner: [PlanTensorID: PlanTensorID]
  ) {
    for root in first.keys.sorted() {
      let holder = owner[root] ?? root
      let size = bytes[root] ?? 0
      let span = (first[root] ?? 0)...(last[root] ?? 0)
      if let block = blockOfTensor[holder] {
        blocks[block].bytes = max(blocks[block].bytes, size)
        blocks[block].first = min(blocks[block].first, span.lowerBound)
        blocks[block].last = max(blocks[block].last, span.upperBound)
      } else {
        blockOfTensor[holder] = blocks.count
        blocks.append(
          MemoryPlanner.Block(bytes: size, first: span.lowerBound, last: span.upperBound))
      }
      blockOfTensor[root] = blockOfTensor[holder]
    }
  }
}

extension Plan {
  /// Bytes of a tensor at the bounds of its sizes.
  func byteBound(_ id: PlanTensorID) throws -> Int {
    let tensor = self[id]
    return try tensor.dims.reduce(tensor.type.byteCount) {
      let (product, overflow) = $0.multipliedReportingOverflow(
        by: try sizes.bound(of: $1, in: tensor.name))
      guard !overflow, product <= 1 << 40 else {
        throw ConversionError.invalid(
          "tensor '\(tensor.name)' of sizes \(tensor.dims) is too large to plan")
      }
      return product
    }
  }

  /// The input whose storage the node may write its output to: elementwise, or what a scatter or a
  /// normalization works on, same sizes and element size.
  func inPlace(_ node: PlanNode) -> (PlanTensorID, PlanTensorID)? {
    // Elementwise over operands of the output's own size: element i is read before it is written.
    let isElementwise = [.lookup, .unary, .binary, .select].contains(node.opCode)
    let isOfFirst = [.scatterND, .scatterElements, .normalize].contains(node.opCode)
    let candidates = isElementwise ? node.inputs[...] : isOfFirst ? node.inputs.prefix(1) : []
    guard let output = node.outputs.first else { return nil }
    for case let input? in candidates {
      if self[input].storage == .arena, self[input].dims == self[output].dims,
        self[input].type.byteCount == self[output].type.byteCount
      {
        return (input, output)
      }
    }
    return nil
  }
}
