import CEdgeKernels
import EdgeFormat

extension Lowering {
  private static let reductions: [String: Int32] = [
    "ReduceSum": Int32(EDGE_REDUCE_SUM), "ReduceMean": Int32(EDGE_REDUCE_MEAN),
    "ReduceMax": Int32(EDGE_REDUCE_MAX), "ReduceMin": Int32(EDGE_REDUCE_MIN),
    "ReduceSumSquare": Int32(EDGE_REDUCE_SUM_SQUARE), "ReduceProd": Int32(EDGE_REDUCE_PROD),
    "GlobalAveragePool": Int32(EDGE_REDUCE_MEAN), "GlobalMaxPool": Int32(EDGE_REDUCE_MAX),
  ]

  /// ReduceSum, ReduceMean, ReduceMax, ReduceMin, ReduceProd, ReduceSumSquare.
  static func reduce(_ node: Node, _ lowering: inout Lowering) throws {
    let form = try ReduceForm(node, lowering.graph)
    if form.axes.isEmpty, node.op != "ReduceSumSquare" { return try reshape(node, &lowering) }
    try lowering.reduce(node, axes: Set(form.axes))
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

  /// ArgMax and ArgMin, of int8 codes too: their order is that of the numbers.
  static func argReduce(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let axes = Set(try Operator.argForm(node, rank: shape.count).axes)
    var x = try lowering.operand(source)
    if ![.float32, .int8, .int64].contains(lowering[x.tensor].type) {
      x = try lowering.operand(source, .type(.int64))
    }
    let y = try lowering.reducedResult(target, nil, .int64, x.order, axes, shape)
    let run = lowering.lastRun(of: axes, x.order, shape)
    let (views, place) = lowering.reductionViews(x, y.tensor, run, sizes: shape)
    var parameters = ArgReduceParameters()
    parameters.kind = Int32(node.op == "ArgMax" ? EDGE_REDUCE_MAX : EDGE_REDUCE_MIN)
    parameters.axis = Int32(place.lowerBound)
    parameters.isLast = node.int("select_last_index", 0) != 0 ? 1 : 0
    lowering.emit(.argReduce, [views.x], [views.y], parameters)
    try lowering.deliver(target, y)
  }

  private mutating func reduce(_ node: Node, axes: Set<Int>) throws {
    guard let kind = Self.reductions[node.op] else {
      throw unsupported(
        node, "no kernel for this reduction", remedy: "sum, mean, max, min, product")
    }
    let source = try input(node, 0)
    let target = try output(node)
    let shape = try self.shape(of: source)
    if precision == .int8, let from = affine(of: source), let to = quantization.values[target] {
      return try reduceInt8(kind, source, from, target, to, axes, shape)
    }
    let type = graph[source].type ?? .float32
    if type.isFloat {
      let x = try operand(source, .float)
      return define(target, as: try reduce(kind, x, axes, shape, target, .float32))
    }
    try reduceIntegers(node, kind, source, axes, shape, target)
  }

  /// Mean, maximum or minimum of int8 codes.
  private mutating func reduceInt8(
    _ kind: Int32, _ source: ValueID, _ from: AffineParameters, _ target: ValueID,
    _ to: AffineParameters, _ axes: Set<Int>, _ shape: [Dimension]
  ) throws {
    let isMean = kind == Int32(EDGE_REDUCE_MEAN)
    let x = try gathered(source, .int8(isMean ? from : to), axes, shape)
    let y = try reducedResult(target, to, .int8, x.order, axes, shape)
    emitReduce(kind, x, y.tensor, run: lastRun(of: axes, x.order, shape), sizes: shape)
    define(target, as: y)
  }

  /// In int64; bools are 0 and 1, whose maximum is whether they have a sum, and whose minimum is
  /// their product.
  private mutating func reduceIntegers(
    _ node: Node, _ kind: Int32, _ source: ValueID, _ axes: Set<Int>, _ shape: [Dimension],
    _ target: ValueID
  ) throws {
    var kind = kind
    var divisor: Int?
    let isBool = graph[source].type == .bool
    if isBool { kind = Int32(node.op == "ReduceMax" ? EDGE_REDUCE_SUM : EDGE_REDUCE_PROD) }
    if kind == Int32(EDGE_REDUCE_MEAN) {
      let count = axes.reduce(Dimension(1)) { $0 * shape[$1] }.constant ?? 0
      guard count > 0 else {
        throw unsupported(
          node, "the mean of a run-time number of integers", remedy: "a Cast to float before it")
      }
      kind = Int32(EDGE_REDUCE_SUM)
      divisor = count
    }
    let x = try operand(source, .type(.int64))
    var y = try reduce(kind, x, axes, shape, target, .int64)
    if let divisor {
      let quotient = add(self[y.tensor])
      let one = [Int](repeating: 1, count: self[y.tensor].dims.count)
      let count = Tensor([Int64(divisor)], shape: one)
      var parameters = BinaryParameters()
      parameters.kind = Int32(EDGE_BINARY_DIV)
      let right = constant(count.bytes, type: .int64, dims: one, name: node.name + "/count")
      emit(.binary, [y.tensor, right], [quotient], parameters)
      y.tensor = quotient
    }
    try deliver(target, y)
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

  /// One neighbouring run of axes after the other from the innermost.
  private mutating func reduce(
    _ kind: Int32, _ x: Stored, _ axes: Set<Int>, _ shape: [Dimension], _ target: ValueID,
    _ type: ElementType
  ) throws -> Stored {
    var current = x
    var sizes = shape
    var kind = kind
    let y = try reducedResult(target, nil, type, x.order, axes, shape)
    while true {
      let run = lastRun(of: axes, current.order, sizes)
      let before = sizes
      for axis in run { sizes[axis] = Dimension(1) }
      let isLast = lastRun(of: axes, current.order, sizes).isEmpty
      var next = y.tensor
      if !isLast {
        var partial = self[y.tensor]
        partial.dims = current.order.map { sizes[$0] }
        next = add(partial)
      }
      emitReduce(kind, current, next, run: run, sizes: before)
      if isLast { return y }
      current = Stored(next, order: current.order)
      if kind == Int32(EDGE_REDUCE_SUM_SQUARE) { kind = Int32(EDGE_REDUCE_SUM) }
    }
  }

  /// The last of the reduced axes in stored order with those that stand next to it; axes of size 1
  /// do not count.
  private func lastRun(of axes: Set<Int>, _ order: [Int], _ sizes: [Dimension]) -> [Int] {
    let significant = AxisOrder.significant(order, sizes)
    guard let last = significant.lastIndex(where: axes.contains) else { return [] }
    let first = significant[...last].lastIndex { !axes.contains($0) }.map { $0 + 1 } ?? 0
    return Array(significant[first...last])
  }

  /// Operands of a reduction over a run of axes, without the other axes of size 1, and where the
  /// run stands in them.
  private mutating func reductionViews(
    _ x: Stored, _ y: PlanTensorID, _ run: [Int], sizes: [Dimension]
  ) -> (views: (x: PlanTensorID, y: PlanTensorID), place: Range<Int>) {
    let significant = AxisOrder.significant(x.order, sizes)
    var dims = significant.map { sizes[$0] }
    let kept = significant.filter { !run.contains($0) }.map { sizes[$0] }
    var first = dims.count
    if let axis = run.first {
      first = significant.firstIndex(of: axis) ?? 0
    } else {
      dims.append(Dimension(1))
    }
    let views = (x: view(x.tensor, dims: dims), y: view(y, dims: kept))
    return (views, first..<(first + max(run.count, 1)))
  }

  private mutating func emitReduce(
    _ kind: Int32, _ x: Stored, _ y: PlanTensorID, run: [Int], sizes: [Dimension]
  ) {
    let (views, place) = reductionViews(x, y, run, sizes: sizes)
    var parameters = ReduceParameters()
    parameters.kind = kind
    parameters.axis = Int32(place.lowerBound)
    parameters.axisCount = Int32(place.count)
    emit(.reduce, [views.x], [views.y], parameters)
  }

  /// The result's tensor: the input's order with the reduced axes of size 1 or gone.
  private mutating func reducedResult(
    _ target: ValueID, _ affine: AffineParameters?, _ type: ElementType, _ order: [Int],
    _ axes: Set<Int>, _ shape: [Dimension]
  ) throws -> Stored {
    if try self.shape(of: target).count == shape.count {
      return try result(target, affine: affine, type: type, order: order)
    }
    let kept = order.filter { !axes.contains($0) }
    let renumbered = kept.map { axis in kept.count { $0 < axis } }
    return try result(target, affine: affine, type: type, order: renumbered)
  }
}
