import EdgeFormat

extension Lowering {
  /// Gather.
  ///
  /// Constant indices that form a progression become a slice (and a reshape for a single one);
  /// others `gather`.
  static func gather(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let indices = try lowering.input(node, 1)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let axis = try EdgeConvert.axis(node.int("axis", 0), rank: shape.count, node)
    if let constant = lowering.graph[indices].constant, lowering.graph[source].constant == nil,
      constant.shape.count <= 1, let run = lowering.progression(constant.ints, shape[axis])
    {
      return try lowering.gatherRun(source, axis, run, constant, target)
    }
    let x = try lowering.operand(source, lowering.moved(source))
    let rank = try lowering.shape(of: indices).count
    let list = try lowering.operand(indices, .native, order: Array(0..<rank))
    let order = x.order.flatMap { place -> [Int] in
      place == axis ? Array(axis..<(axis + rank)) : [place < axis ? place : place + rank - 1]
    }
    let y = try lowering.result(like: x.tensor, target, order: order)
    var parameters = GatherParameters()
    parameters.axis = Int32(x.order.firstIndex(of: axis) ?? axis)
    lowering.emit(.gather, [x.tensor, list.tensor], [y.tensor], parameters)
    lowering.define(target, as: y)
  }

  /// First index and step of equally spaced indices; nil when they are not, or reach outside.
  private func progression(_ raw: [Int], _ size: Dimension) -> (start: Int, step: Int)? {
    guard let first = raw.first else { return nil }
    guard let count = size.constant else {
      return raw.count == 1 ? (first, 1) : nil
    }
    let indices = raw.map { $0 < 0 ? $0 + count : $0 }
    let step = indices.count > 1 ? indices[1] - indices[0] : 1
    for (position, index) in indices.enumerated() {
      guard index >= 0, index < count, index == indices[0] + position * step else { return nil }
    }
    return step == 0 ? nil : (indices[0], step)
  }

  private mutating func gatherRun(
    _ source: ValueID, _ axis: Int, _ run: (start: Int, step: Int), _ indices: Tensor,
    _ target: ValueID
  ) throws {
    let shape = try self.shape(of: source)
    var selection = Selection(rank: shape.count)
    selection.start[axis] = run.start
    selection.step[axis] = run.step
    if indices.shape.count == 1 { return try select(source, selection, target: target) }
    let x = try operand(source, moved(source))
    let order = x.order.filter { $0 != axis }.map { $0 < axis ? $0 : $0 - 1 }
    if shape[axis].constant == 1 {
      let dims = x.order.filter { $0 != axis }.map { shape[$0] }
      define(target, as: Stored(view(x.tensor, dims: dims), order: order))
      return
    }
    let y = try result(like: x.tensor, target, order: order)
    let kept = x.order.map { $0 == axis ? Dimension(1) : shape[$0] }
    emitSlice(
      x.tensor, view(y.tensor, dims: kept),
      x.order.map { (selection.start[$0], selection.step[$0]) })
    define(target, as: y)
  }
}
