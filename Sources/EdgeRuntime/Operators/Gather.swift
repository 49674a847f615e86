import EdgeFormat

/// `gather`: data, indices → y, whose shape is data's with `axis` replaced by the shape of indices.
///
/// Throws `outOfRange` for an index outside the axis, as the other gathers do.
enum Gather {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(GatherParameters.self)
    let data = node.input(0), indices = node.input(1), y = node.output()
    let axis = Int(node.parameters(as: GatherParameters.self).axis)
    try node.require(axis >= 0 && axis < data.rank, "gather goes along an axis of its data")
    try node.require(data.type == y.type, "gather keeps the type")
    try node.expectIndices(indices)
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
    let list = IndexList(indices, of: node)
    let bound = data.dims[axis]
    let picks = indices.count
    let bytes = data.count((axis &+ 1)..<data.rank) &* data.type.byteCount
    var target = y.data
    for outer in 0..<data.count(0..<axis) {
      let block = data.data + outer &* bound &* bytes
      for position in 0..<picks {
        let row = try list.place(position, on: bound)
        target.copyMemory(from: block + row &* bytes, byteCount: bytes)
        target += bytes
      }
    }
  }
}

/// `gatherND`: data, indices `[..., depth]` → y: the rows of data that index tuples name.
enum GatherND {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(GatherParameters.self)
    let data = node.input(0), y = node.output()
    let batchAxes = Int(node.parameters(as: GatherParameters.self).axis)
    try node.require(data.type == y.type, "gather keeps the type")
    try TupleRows.check(node, data, indices: node.input(1), batchAxes: batchAxes)
    let rows = TupleRows(node, data, indices: node.input(1), batchAxes: batchAxes)
    try node.require(y.count == rows.count * rows.rowCount, "gather makes one row a tuple")
  }

  static func run(_ node: NodeView) throws(EdgeError) {
    let data = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    let batchAxes = Int(node.parameters(as: GatherParameters.self).axis)
    let rows = TupleRows(node, data, indices: node.input(1), batchAxes: batchAxes)
    let elementBytes = data.type.byteCount
    let bytes = rows.rowCount &* elementBytes
    for tuple in 0..<rows.count {
      let place = try rows.place(tuple)
      (y.data + tuple &* bytes).copyMemory(
        from: data.data + place &* elementBytes, byteCount: bytes)
    }
  }
}

/// `gatherElements`: data, indices of equal rank → y of the indices' shape.
enum GatherElements {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(GatherParameters.self)
    let data = node.input(0), indices = node.input(1), y = node.output()
    try node.require(data.type == y.type, "gather keeps the type")
    try node.require(y.hasShape(of: indices), "gather keeps the indices' shape")
    let axis = Int(node.parameters(as: GatherParameters.self).axis)
    try ElementPlaces.check(node, data, indices: indices, axis: axis)
  }

  static func run(_ node: NodeView) throws(EdgeError) {
    let data = node.input(0), y = node.output()
    let axis = Int(node.parameters(as: GatherParameters.self).axis)
    let bytes = data.type.byteCount
    var places = ElementPlaces(node, data, indices: node.input(1), axis: axis)
    for position in 0..<y.count {
      (y.data + position &* bytes).copyMemory(
        from: data.data + (try places.next(position)) &* bytes, byteCount: bytes)
    }
  }
}
