import EdgeFormat

/// `topK`: x `[..., N]` → values `[..., K]`, indices (int64) `[..., K]`: the first K elements in
/// order along the last axis; of equal ones, those of lower index.
enum TopK {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1, outputs: 2)
    try node.expectParameters(TopKParameters.self)
    let x = node.input(0), values = node.output(), indices = node.output(1)
    try node.require(x.rank > 0 && x.type != .float16, "there is no order of these elements")
    try node.require(values.type == x.type && indices.type == .int64, "the types do not fit")
    try node.expectRank(values, x.rank)
    try node.expectEqual(x, values, axes: 0..<(x.rank - 1))
    try node.require(indices.hasShape(of: values), "values and indices differ in shape")
    try node.expect(
      values.fromLast(0), in: 0...x.fromLast(0), "%0 elements are asked for, not %1...%2")
    try node.expect(
      x.fromLast(0), in: 0...Int(Int32.max), "an axis has %0 elements, not %1...%2")
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    node.output().fromLast(0) &* MemoryLayout<Int32>.stride
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0)
    guard node.output().count > 0 else { return }
    context.split(node, units: x.count(0..<(x.rank &- 1)), elements: x.count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      for row in part.begin..<part.end { TopK.select(node, row, part.scratch) }
    }
  }

  private static func select(_ node: NodeView, _ row: Int, _ scratch: UnsafeMutableRawPointer) {
    let x = node.input(0), values = node.output(), indices = node.output(1)
    let size = x.fromLast(0), wanted = values.fromLast(0), bytes = x.type.byteCount
    let isLargest = node.parameters(as: TopKParameters.self).largest != 0
    let order = RowOrder(x, base: row &* size, isDescending: isLargest)
    var heap = IndexHeap(
      scratch.assumingMemoryBound(to: Int32.self), order: order, isReversed: true)
    for i in 0..<wanted { heap.add(i) }
    for i in wanted..<size { heap.replaceRoot(i) }
    heap.sort()
    for i in 0..<wanted {
      let chosen = Int(heap.items[i]), place = row &* wanted &+ i
      indices.int64[place] = Int64(chosen)
      (values.data + place &* bytes).copyMemory(
        from: x.data + (row &* size &+ chosen) &* bytes, byteCount: bytes)
    }
  }
}
