import EdgeFormat

/// `scatterND`: data, indices `[..., depth]`, updates → y: data with the rows that index tuples
/// name replaced by updates, or combined with them, in order.
///
/// data is copied unless the plan has put y on it. Throws `outOfRange` for an index outside an
/// axis, and then leaves y half done.
enum ScatterND {
  static func check(_ node: NodeView) throws(EdgeError) {
    try Scatter.check(node)
    let y = node.output()
    try TupleRows.check(node, y, indices: node.input(1), batchAxes: 0)
    let rows = TupleRows(node, y, indices: node.input(1), batchAxes: 0)
    try node.require(
      node.input(2).count == rows.count * rows.rowCount, "scatter wants one row a tuple")
  }

  static func run(_ node: NodeView) throws(EdgeError) {
    let scatter = Scatter(node)
    guard node.input(2).count > 0 else { return }
    let rows = TupleRows(node, node.output(), indices: node.input(1), batchAxes: 0)
    for tuple in 0..<rows.count {
      scatter.write(tuple &* rows.rowCount, to: try rows.place(tuple), count: rows.rowCount)
    }
  }
}

/// `scatterElements`: data, indices and updates of one shape → y: data with the elements that
/// indices name replaced by updates, or combined with them, in order.
///
/// As `scatterND` otherwise.
enum ScatterElements {
  static func check(_ node: NodeView) throws(EdgeError) {
    try Scatter.check(node)
    let indices = node.input(1)
    try node.require(indices.hasShape(of: node.input(2)), "scatter wants one update an index")
    let axis = Int(node.parameters(as: ScatterParameters.self).axis)
    try ElementPlaces.check(node, node.output(), indices: indices, axis: axis)
  }

  static func run(_ node: NodeView) throws(EdgeError) {
    let scatter = Scatter(node)
    let axis = Int(node.parameters(as: ScatterParameters.self).axis)
    var places = ElementPlaces(node, node.output(), indices: node.input(1), axis: axis)
    for position in 0..<node.input(2).count {
      scatter.write(position, to: try places.next(position), count: 1)
    }
  }
}

/// What the scatters share: the copy of data, and one stretch of updates.
private struct Scatter {
  private let updates: TensorView
  private let y: TensorView
  private let reduction: ScatterReduction

  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 3, required: 3)
    try node.expectParameters(ScatterParameters.self)
    let y = node.output()
    try node.expectSameForm(node.input(0), y)
    try node.expectSameForm(node.input(2), y)
    try node.require(node.input(0).hasShape(of: y), "scatter keeps the shape of its data")
    let code = node.parameters(as: ScatterParameters.self).reduction
    guard let reduction = ScatterReduction(rawValue: code) else {
      throw node.corrupt("there is no reduction %0", Int(code))
    }
    let isWide = y.type == .float32 || y.type == .int32 || y.type == .int64
    let isExtreme = y.type == .int8 && (reduction == .maximum || reduction == .minimum)
    try node.require(
      reduction == .none || isWide || isExtreme,
      "scatter combines float32, int32 or int64, and takes extremes of int8")
  }

  /// Copies data to y where it is not there yet.
  @inline(never)
  init(_ node: NodeView) {
    updates = node.input(2)
    y = node.output()
    let code = node.parameters(as: ScatterParameters.self).reduction
    reduction = ScatterReduction(rawValue: code) ?? .none
    let data = node.input(0)
    if data.data != y.data { y.data.copyMemory(from: data.data, byteCount: y.byteCount) }
  }

  /// Writes `count` updates from the one at `source` on to the elements from `place` on.
  @inline(never)
  func write(_ source: Int, to place: Int, count: Int) {
    if reduction == .none {
      let bytes = y.type.byteCount
      (y.data + place &* bytes).copyMemory(
        from: updates.data + source &* bytes, byteCount: count &* bytes)
      return
    }
    for i in 0..<count {
      let a = place &+ i, b = source &+ i
      switch y.type {
      case .float32: y.float[a] = combined(y.float[a], updates.float[b])
      case .int32:
        y.int32[a] = Int32(truncatingIfNeeded: combined(Int64(y.int32[a]), Int64(updates.int32[b])))
      case .int8:
        y.int8[a] = Int8(truncatingIfNeeded: combined(Int64(y.int8[a]), Int64(updates.int8[b])))
      default: y.int64[a] = combined(y.int64[a], updates.int64[b])
      }
    }
  }

  private func combined(_ a: Float, _ b: Float) -> Float {
    let value =
      switch reduction {
      case .none: b
      case .add: a + b
      case .multiply: a * b
      case .maximum: a > b || a.isNaN ? a : b
      case .minimum: a < b || a.isNaN ? a : b
      }
    return value.isNaN ? Float.nan : value  // The one NaN of docs/numerics.md.
  }

  private func combined(_ a: Int64, _ b: Int64) -> Int64 {
    switch reduction {
    case .none: b
    case .add: a &+ b
    case .multiply: a &* b
    case .maximum: max(a, b)
    case .minimum: min(a, b)
    }
  }
}
