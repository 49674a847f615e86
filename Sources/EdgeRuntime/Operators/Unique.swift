import EdgeFormat

/// `unique`: x `[N, L]` → for each different row the index of the first that is like it (int64
/// `[count]`), the number of every row's like (int64 `[N]`), and how many there are of each (int64
/// `[count]`).
enum Unique {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1, outputs: 3)
    try node.expectParameters(UniqueParameters.self)
    let x = node.input(0)
    try node.expectRank(x, 2)
    try node.require(x.type != .float16, "there is no order of these elements")
    try node.expect(x.dims[0], in: 0...Int(Int32.max), "there are %0 rows, not %1...%2")
    for position in 0..<3 {
      try node.require(node.output(position).type == .int64, "indices are int64")
      try node.expectRank(node.output(position), 1)
      try node.require(
        node.output(position).dims[0] >= x.dims[0], "there is no room for every row")
    }
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    2 &* node.input(0).dims[0] &* MemoryLayout<Int32>.stride
  }

  /// - Returns: how many different rows there are.
  static func run(_ node: NodeView, _ context: RunContext) -> Int {
    let x = node.input(0), rows = x.dims[0]
    let first = node.output().int64, number = node.output(1).int64, counts = node.output(2).int64
    let scratch = context.scratchBase.assumingMemoryBound(to: Int32.self)
    let order = RowOrder(x, length: x.dims[1])
    var heap = IndexHeap(scratch, order: order, isReversed: true)
    for row in 0..<rows { heap.add(row) }
    heap.sort()
    // Rows that are alike follow each other, the first of them first.
    for i in 0..<rows {
      let row = Int(heap.items[i]), before = i > 0 ? Int(heap.items[i &- 1]) : row
      number[row] = i > 0 && order.compare(before, row) == 0 ? number[before] : Int64(row)
    }
    let isSorted = node.parameters(as: UniqueParameters.self).sorted != 0
    let numbers = scratch + rows
    var count = 0
    for i in 0..<rows {
      let row = isSorted ? Int(heap.items[i]) : i
      guard number[row] == Int64(row) else { continue }
      numbers[row] = Int32(truncatingIfNeeded: count)
      first[count] = Int64(row)
      counts[count] = 0
      count &+= 1
    }
    for row in 0..<rows {
      let mine = Int(numbers[Int(number[row])])
      number[row] = Int64(mine)
      counts[mine] &+= 1
    }
    return count
  }
}
