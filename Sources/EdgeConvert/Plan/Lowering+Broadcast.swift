extension Lowering {
  /// The order for an elementwise node: that of its largest computed operand of full rank.
  func commonOrder(_ values: [ValueID], _ target: ValueID) throws -> [Int] {
    let rank = try shape(of: target).count
    var best: (order: [Int], significance: Int)?
    for value in values where graph[value].constant == nil {
      let shape = try self.shape(of: value)
      guard shape.count == rank, let stored = forms[value]?.first else { continue }
      let count = AxisOrder.significant(stored.order, shape).count
      if count > best?.significance ?? -1 { best = (stored.order, count) }
    }
    return best?.order ?? Array(0..<rank)
  }

  /// An operand of a broadcasting node, its missing leading axes added as 1, in the order of the
  /// result.
  mutating func broadcastOperand(
    _ value: ValueID, _ representation: Representation, order: [Int]
  ) throws -> PlanTensorID {
    let shape = try self.shape(of: value)
    let missing = order.count - shape.count
    let own = order.filter { $0 >= missing }.map { $0 - missing }
    let stored = try operand(value, representation, order: own)
    return view(
      stored.tensor, dims: order.map { $0 < missing ? Dimension(1) : shape[$0 - missing] })
  }
}
