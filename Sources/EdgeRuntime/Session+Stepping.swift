import CEdgeHost
import EdgeFormat

// For tools that look at what single nodes compute; firmware runs whole plans.

extension Model {
  /// Indices of the tensors that a node writes.
  public func tensors(writtenBy node: Int) -> [Int] {
    let record = nodes[node]
    let start = Int(record.operandStart) + Int(record.inputCount)
    var indices: [Int] = []
    for position in 0..<Int(record.outputCount) {
      let operand = operands[start + position]
      if operand != NodeRecord.absent { indices.append(Int(operand)) }
    }
    return indices
  }

  /// The record of any tensor of the plan.
  public func tensorRecord(_ index: Int) -> TensorRecord { tensors[index] }
}

extension Session {
  /// Runs one node on what the arena holds.
  ///
  /// Stepping through all nodes in order is a run, but for its report.
  public mutating func step(_ node: Int) throws(EdgeError) {
    if node == 0 { try prepareSizes() }
    edge_host_pool_begin(pool)
    defer { edge_host_pool_end(pool) }
    guard let view = model.view(node, slots) else { return }
    try execute(view, context)
    if node == model.nodeCount - 1 { advanceCounters() }
  }

  /// The view of any tensor of the plan; its content is valid until a later node reuses the
  /// storage.
  public func tensor(_ index: Int) -> TensorView { TensorView(slot: slots + index) }
}
