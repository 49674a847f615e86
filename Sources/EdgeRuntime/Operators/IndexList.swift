import EdgeFormat

/// Indices of gathers and scatters: int32 or int64; negative ones count from the end of an axis.
struct IndexList {
  private let view: TensorView
  private let node: Int

  /// - Parameters:
  ///   - view: int32 or int64.
  ///   - node: whose operand it is, for errors.
  init(_ view: TensorView, of node: NodeView) {
    self.view = view
    self.node = node.index
  }

  /// The place on an axis of `size` elements that the index at a position names, from the front.
  /// - Throws: `outOfRange` for one outside of the axis.
  @inline(never)
  func place(_ position: Int, on size: Int) throws(EdgeError) -> Int {
    let index = view.type == .int32 ? Int(view.int32[position]) : Int(view.int64[position])
    let place = index < 0 ? index &+ size : index
    guard place >= 0, place < size else {
      throw EdgeError(.outOfRange, "index %0 lies outside of an axis of %1", index, size)
        .at(section: .nodes, node: node)
    }
    return place
  }
}

extension NodeView {
  /// Throws unless a tensor holds indices.
  @inline(never)
  func expectIndices(_ tensor: TensorView) throws(EdgeError) {
    try require(tensor.type == .int32 || tensor.type == .int64, "indices are int32 or int64")
  }
}

/// The rows of a tensor that index tuples name: what `gatherND` reads and `scatterND` writes.
///
/// A tuple indexes the axes after the first `batchAxes`, which tensor and indices share; a row is
/// what lies below.
struct TupleRows {
  private let tensor: TensorView
  private let list: IndexList
  private let batchAxes: Int
  private let depth: Int
  private let tuplesPerBatch: Int
  /// Elements of a row.
  let rowCount: Int
  /// Rows.
  let count: Int

  /// Throws unless tensor and indices fit together.
  @inline(never)
  static func check(
    _ node: NodeView, _ tensor: TensorView, indices: TensorView, batchAxes: Int
  ) throws(EdgeError) {
    try node.expectIndices(indices)
    try node.require(
      batchAxes >= 0 && indices.rank > batchAxes && batchAxes < tensor.rank,
      "indices have more batch axes than axes")
    try node.expectEqual(tensor, indices, axes: 0..<batchAxes)
    try node.expect(
      indices.fromLast(0), in: 1...(tensor.rank - batchAxes), "index tuples have %0 axes of %1...%2"
    )
  }

  /// - Parameters: as `check` has passed them.
  @inline(never)
  init(_ node: NodeView, _ tensor: TensorView, indices: TensorView, batchAxes: Int) {
    self.tensor = tensor
    self.batchAxes = batchAxes
    list = IndexList(indices, of: node)
    depth = indices.fromLast(0)
    rowCount = tensor.count((batchAxes &+ depth)..<tensor.rank)
    count = indices.count(0..<(indices.rank &- 1))
    tuplesPerBatch = indices.count(batchAxes..<(indices.rank &- 1))
  }

  /// The first element of the row that a tuple names.
  @inline(never)
  func place(_ tuple: Int) throws(EdgeError) -> Int {
    var place = tuple / tuplesPerBatch
    for axis in 0..<depth {
      let size = tensor.dims[batchAxes &+ axis]
      place = place &* size &+ (try list.place(tuple &* depth &+ axis, on: size))
    }
    return place &* rowCount
  }
}

/// The elements of a tensor that indices along one axis name: what `gatherElements` reads and
/// `scatterElements` writes.
///
/// The index at a position replaces the position on the axis.
struct ElementPlaces {
  private let tensor: TensorView
  private let indices: TensorView
  private let list: IndexList
  private let axis: Int
  /// Where the next index lies among the indices.
  private var index = InlineArray<8, Int>(repeating: 0)

  /// Throws unless tensor and indices fit together.
  @inline(never)
  static func check(
    _ node: NodeView, _ tensor: TensorView, indices: TensorView, axis: Int
  ) throws(EdgeError) {
    try node.expectIndices(indices)
    try node.expectRank(indices, tensor.rank)
    try node.require(axis >= 0 && axis < tensor.rank, "indices go along an axis of the tensor")
    for other in 0..<tensor.rank where other != axis {
      try node.require(
        indices.dims[other] <= tensor.dims[other], "there are more indices than elements")
    }
  }

  /// - Parameters: as `check` has passed them.
  @inline(never)
  init(_ node: NodeView, _ tensor: TensorView, indices: TensorView, axis: Int) {
    self.tensor = tensor
    self.indices = indices
    self.axis = axis
    list = IndexList(indices, of: node)
  }

  /// The element that the index at a position names; asked for in order, from 0.
  @inline(never)
  mutating func next(_ position: Int) throws(EdgeError) -> Int {
    let chosen = try list.place(position, on: tensor.dims[axis])
    var place = 0
    for other in 0..<tensor.rank {
      place = place &* tensor.dims[other] &+ (other == axis ? chosen : index[other])
    }
    indices.advance(&index)
    return place
  }
}
