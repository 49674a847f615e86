/// The axes of an elementwise operation on broadcast operands, merged where all operands go on
/// evenly.
///
/// The innermost axis has steps 0 or 1, so that a kernel can take it whole; the others are walked.
struct BroadcastLoop {
  /// One number an operand; two operands leave the last 0.
  typealias Each = InlineArray<3, Int>

  private var rank = 0
  private var sizes: InlineArray<8, Int> = .init(repeating: 1)
  private var strides: InlineArray<8, Each> = .init(repeating: .init(repeating: 0))

  /// - Parameters:
  ///   - a: left operand; its axes are the last of y's, equal in size or 1.
  ///   - b: right operand, likewise.
  ///   - c: third operand, likewise, if any.
  ///   - y: the result.
  init(_ a: TensorView, _ b: TensorView, _ c: TensorView? = nil, to y: TensorView) {
    for axis in 0..<y.rank {
      append(
        y.dims[axis],
        [
          a.broadcastStride(axis, rank: y.rank), b.broadcastStride(axis, rank: y.rank),
          c?.broadcastStride(axis, rank: y.rank) ?? y.count((axis &+ 1)..<y.rank),
        ])
    }
  }

  private mutating func append(_ size: Int, _ stride: Each) {
    guard size != 1 else { return }
    let last = max(0, rank &- 1)
    var continues = rank > 0
    for operand in 0..<3 where strides[last][operand] != size &* stride[operand] {
      continues = false
    }
    if continues {
      sizes[last] &*= size
      strides[last] = stride
      return
    }
    sizes[rank] = size
    strides[rank] = stride
    rank &+= 1
  }

  /// Steps of the operands along the innermost axis.
  var steps: (a: Int32, b: Int32, c: Int32) {
    let last = strides[max(0, rank &- 1)]
    return (
      Int32(truncatingIfNeeded: last[0]), Int32(truncatingIfNeeded: last[1]),
      Int32(truncatingIfNeeded: last[2])
    )
  }

  /// Walks elements [begin, end) of y, one stretch of the innermost axis after the other.
  /// - Parameter body: where the operands and y begin, in elements, and how many there are.
  func walk(_ part: Part, _ body: (_ operands: Each, _ y: Int, _ count: Int) -> Void) {
    let last = max(0, rank &- 1)
    let size = sizes[last], step = strides[last]
    part.forEachRun(of: size) { row, begin, end in
      var start = offsets(row: row)
      for operand in 0..<3 { start[operand] &+= begin &* step[operand] }
      body(start, row &* size &+ begin, end &- begin)
    }
  }

  /// Where row `row` of the innermost axis begins in every operand, in elements.
  private func offsets(row: Int) -> Each {
    var rest = row
    var start = Each(repeating: 0)
    var axis = rank &- 2
    while axis >= 0 {
      let index = axis > 0 ? rest % sizes[axis] : rest
      if axis > 0 { rest /= sizes[axis] }
      for operand in 0..<3 { start[operand] &+= index &* strides[axis][operand] }
      axis &-= 1
    }
    return start
  }
}
