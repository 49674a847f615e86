import EdgeFormat

/// `gather`: data, indices (int32 or int64; negative counts from the end) → y, whose shape is
/// data's with `axis` replaced by the shape of indices.
///
/// Throws `outOfRange` for an index outside the axis.
enum Gather {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(GatherParameters.self)
    let data = node.input(0), indices = node.input(1), y = node.output()
    let axis = Int(node.parameters(as: GatherParameters.self).axis)
    try node.require(axis >= 0 && axis < data.rank, "gather goes along an axis of its data")
    try node.require(data.type == y.type, "gather keeps the type")
    try node.require(
      indices.type == .int32 || indices.type == .int64, "indices are int32 or int64")
    try node.expectRank(y, data.rank - 1 + indices.rank)
    try node.expectEqual(data, y, axes: 0..<axis)
    for position in 0..<indices.rank {
      try node.require(
        y.dims[axis + position] == indices.dims[position], "gather keeps the indices' shape")
    }
    for position in (axis + 1)..<data.rank {
      try node.require(
        y.dims[position - 1 + indices.rank] == data.dims[position], "gather keeps the other axes")
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) throws(EdgeError) {
    let data = node.input(0), indices = node.input(1), y = node.output()
    guard y.count > 0 else { return }
    let axis = Int(node.parameters(as: GatherParameters.self).axis)
    let bound = data.dims[axis]
    let picks = indices.count
    let bytes = data.count((axis &+ 1)..<data.rank) &* data.type.byteCount
    var target = y.data
    for outer in 0..<data.count(0..<axis) {
      let block = data.data + outer &* bound &* bytes
      for position in 0..<picks {
        let index =
          indices.type == .int32 ? Int(indices.int32[position]) : Int(indices.int64[position])
        let row = index < 0 ? index &+ bound : index
        guard row >= 0, row < bound else {
          throw EdgeError(
            .outOfRange, "index %0 of a gather lies outside of an axis of %1", index, bound
          ).at(section: .nodes, node: node.index)
        }
        target.copyMemory(from: block + row &* bytes, byteCount: bytes)
        target += bytes
      }
    }
  }
}
