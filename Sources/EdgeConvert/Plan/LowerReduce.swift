import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// A reduction as the runtime sees it: a kind, and the functions of one element before and after.
  private struct Reduction {
    var kind: Int32
    var before: Int32?
    var after: Int32?
  }

  private static let reductions: [String: Reduction] = [
    "ReduceSum": Reduction(kind: Int32(EDGE_REDUCE_SUM)),
    "ReduceMean": Reduction(kind: Int32(EDGE_REDUCE_MEAN)),
    "ReduceMax": Reduction(kind: Int32(EDGE_REDUCE_MAX)),
    "ReduceMin": Reduction(kind: Int32(EDGE_REDUCE_MIN)),
    "ReduceSumSquare": Reduction(kind: Int32(EDGE_REDUCE_SUM_SQUARE)),
    "ReduceL1": Reduction(kind: Int32(EDGE_REDUCE_SUM), before: Int32(EDGE_UNARY_ABS)),
    "ReduceL2": Reduction(kind: Int32(EDGE_REDUCE_SUM_SQUARE), after: Int32(EDGE_UNARY_SQRT)),
    "ReduceLogSum": Reduction(kind: Int32(EDGE_REDUCE_SUM), after: Int32(EDGE_UNARY_LOG)),
    "GlobalAveragePool": Reduction(kind: Int32(EDGE_REDUCE_MEAN)),
    "GlobalMaxPool": Reduction(kind: Int32(EDGE_REDUCE_MAX)),
  ]

  /// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceSumSquare, ReduceL1, ReduceL2,
  /// ReduceLogSum.
  static func reduce(_ node: Node, _ lowering: inout Lowering) throws {
    let rank = try lowering.shape(of: lowering.input(node, 0)).count
    var axes = node.ints("axes")
    if axes == nil, node.input(1) != nil { axes = try lowering.graph.integers(node, 1, "axes") }
    if axes?.isEmpty ?? true {
      if node.int("noop_with_empty_axes") == 1 { return try reshape(node, &lowering) }
      axes = Array(0..<rank)
    }
    let positive = try (axes ?? []).map { try EdgeConvert.axis($0, rank: rank, node) }
    try lowering.reduce(node, axes: Set(positive))
  }

  /// GlobalAveragePool and GlobalMaxPool: a reduction over the spatial axes; the maximum of int8
  /// codes is a `maxPool`.
  static func globalPool(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let shape = try lowering.shape(of: source)
    let kernel = shape.dropFirst(2).compactMap(\.constant)
    if node.op == "GlobalMaxPool", lowering.precision == .int8, lowering.affine(of: source) != nil,
      (1...2).contains(kernel.count), kernel.count == shape.count - 2
    {
      var window = node
      window.attributes["kernel_shape"] = .ints(kernel.map { Int64($0) })
      return try maxPool(window, &lowering)
    }
    try lowering.reduce(node, axes: Set(2..<shape.count))
  }

  private mutating func reduce(_ node: Node, axes: Set<Int>) throws {
    guard let reduction = Self.reductions[node.op] else {
      throw unsupported(
        node, "no kernel for this reduction", remedy: "sum, mean, max, min or sum of squares")
    }
    let source = try input(node, 0)
    let target = try output(node)
    let shape = try self.shape(of: source)
    let output = quantization.values[target]
    let isMean = reduction.kind == Int32(EDGE_REDUCE_MEAN)
    if precision == .int8, isMean, let affine = affine(of: source), output != nil {
      let x = try gathered(source, .int8(affine), axes, shape)
      let y = try reducedResult(target, output, x.order, axes, shape)
      emitReduce(reduction.kind, x, y.tensor, run: trailingRun(x.order, axes, shape), shape)
      define(target, as: y)
      return
    }
    var x = try operand(source, .float)
    if let before = reduction.before { x.tensor = emitUnary(before, x.tensor) }
    try reduceFloat(reduction, x, axes, shape, target)
  }

  /// The input with its reduced axes next to each other.
  private mutating func gathered(
    _ source: ValueID, _ representation: Representation, _ axes: Set<Int>, _ shape: [Dimension]
  ) throws -> Stored {
    let x = try operand(source, representation)
    let significant = AxisOrder.significant(x.order, shape)
    let places = significant.indices.filter { axes.contains(significant[$0]) }
    if let first = places.first, let last = places.last, last - first + 1 == places.count {
      return x
    }
    if places.isEmpty { return x }
    let order = x.order.filter { !axes.contains($0) } + x.order.filter { axes.contains($0) }
    return try operand(source, representation, order: order)
  }

  private func trailingRun(_ order: [Int], _ axes: Set<Int>, _ shape: [Dimension]) -> Range<Int> {
    let significant = AxisOrder.significant(order, shape)
    let places = significant.indices.filter { axes.contains(significant[$0]) }
    guard let first = places.first else { return significant.count..<significant.count }
    return first..<(first + places.count)
  }

  /// Float reductions, one neighbouring run of axes after the other from the innermost.
  private mutating func reduceFloat(
    _ reduction: Reduction, _ x: Stored, _ axes: Set<Int>, _ shape: [Dimension], _ target: ValueID
  ) throws {
    var current = x
    var sizes = shape
    var kind = reduction.kind
    let y = try reducedResult(target, nil, x.order, axes, shape)
    while true {
      let significant = AxisOrder.significant(current.order, sizes)
      let places = significant.indices.filter { axes.contains(significant[$0]) }
      var first = places.last ?? significant.count
      while places.contains(first - 1) { first -= 1 }
      let run = first..<((places.last ?? first - 1) + 1)
      let isLast = places.allSatisfy { run.contains($0) }
      for place in run { sizes[significant[place]] = Dimension(1) }
      let next: PlanTensorID
      if isLast {
        next = y.tensor
      } else {
        var partial = self[y.tensor]
        partial.dims = current.order.map { sizes[$0] }
        next = add(partial)
      }
      emitReduce(kind, current, next, run: run, significant: significant, shape)
      if isLast { break }
      current = Stored(next, order: current.order)
      if kind == Int32(EDGE_REDUCE_SUM_SQUARE) { kind = Int32(EDGE_REDUCE_SUM) }
    }
    guard let after = reduction.after else { return define(target, as: y) }
    define(target, as: Stored(emitUnary(after, y.tensor), order: y.order))
  }

  private mutating func emitUnary(_ kind: Int32, _ x: PlanTensorID) -> PlanTensorID {
    var tensor = self[x]
    tensor.alias = nil
    tensor.storage = .arena
    tensor.bytes = []
    let y = add(tensor)
    var parameters = UnaryParameters()
    parameters.kind = kind
    emit(.unary, [x], [y], parameters)
    return y
  }

  private mutating func emitReduce(
    _ kind: Int32, _ x: Stored, _ y: PlanTensorID, run: Range<Int>, _ shape: [Dimension]
  ) {
    emitReduce(kind, x, y, run: run, significant: AxisOrder.significant(x.order, shape), shape)
  }

  private mutating func emitReduce(
    _ kind: Int32, _ x: Stored, _ y: PlanTensorID, run: Range<Int>, significant: [Int],
    _ shape: [Dimension]
  ) {
    var dims = significant.map { shape[$0] }
    var kept = dims
    kept.removeSubrange(run)
    if run.isEmpty { dims.append(Dimension(1)) }
    var parameters = ReduceParameters()
    parameters.kind = kind
    parameters.axis = Int32(run.lowerBound)
    parameters.axisCount = Int32(max(run.count, 1))
    emit(.reduce, [view(x.tensor, dims: dims)], [view(y, dims: kept)], parameters)
  }

  /// The result's tensor: the input's order with the reduced axes of size 1 or gone.
  private mutating func reducedResult(
    _ target: ValueID, _ affine: AffineParameters?, _ order: [Int], _ axes: Set<Int>,
    _ shape: [Dimension]
  ) throws -> Stored {
    if try self.shape(of: target).count == shape.count {
      return try result(target, affine: affine, order: order)
    }
    let kept = order.filter { !axes.contains($0) }
    let renumbered = kept.map { axis in kept.count { $0 < axis } }
    return try result(target, affine: affine, order: renumbered)
  }
}
