import CEdgeKernels
import EdgeFormat

/// `resizeNearest` (any type): x `[N, H, W, C]`, rows, columns → y `[N, OH, OW, C]`.
///
/// `resizeLinear` (int8, float): x, row0, row1, rowWeight, column0, column1, columnWeight → y.
/// Tables of OH and OW entries lie in the weights; quantization is kept.
enum Resize {
  static func check(_ node: NodeView) throws(EdgeError) {
    let isLinear = node.opCode == .resizeLinear
    try node.expect(inputs: isLinear ? 7 : 3, required: isLinear ? 7 : 3)
    let x = node.input(0), y = node.output()
    try node.expectImage(x)
    try node.expectImage(y)
    try node.expectEqual(x, y, axes: 0..<1)
    try node.expectEqual(x, y, axes: 3..<4)
    try node.expectSameForm(x, y)
    try checkIndices(node, 1, count: y.dims[1], bound: x.dims[1])
    try checkIndices(node, isLinear ? 4 : 2, count: y.dims[2], bound: x.dims[2])
    guard isLinear else { return }
    try checkIndices(node, 2, count: y.dims[1], bound: x.dims[1])
    try checkIndices(node, 5, count: y.dims[2], bound: x.dims[2])
    try checkWeights(node, 3, count: y.dims[1])
    try checkWeights(node, 6, count: y.dims[2])
    if x.type == .int8 {
      try node.expectQuantized(x)
    } else {
      try node.expectFloat(x)
    }
  }

  /// The tables are short and decide what is read, so that every entry is checked.
  private static func checkIndices(
    _ node: NodeView, _ position: Int, count: Int, bound: Int
  ) throws(EdgeError) {
    let table = node.input(position)
    try node.require(table.type == .int32, "a resize position is int32")
    try node.require(table.storage == .weights, "resize positions lie in the weights")
    guard table.count >= count else {
      throw node.corrupt("operand %0 has %1 entries, not %2", position, table.count, count)
    }
    for index in 0..<count where !(0..<bound).contains(Int(table.int32[index])) {
      throw node.corrupt(
        "position %0 of a resize lies outside of %1", Int(table.int32[index]), bound)
    }
  }

  private static func checkWeights(
    _ node: NodeView, _ position: Int, count: Int
  ) throws(EdgeError) {
    let table = node.input(position)
    try node.expectFloat(table)
    try node.require(table.storage == .weights, "resize weights lie in the weights")
    guard table.count >= count else {
      throw node.corrupt("operand %0 has %1 entries, not %2", position, table.count, count)
    }
    for index in 0..<count where !(table.float[index] >= 0 && table.float[index] <= 1) {
      throw node.corrupt("weight %0 of a resize lies outside of 0...1", index)
    }
  }

  private static func describe(_ node: NodeView) -> edge_resize {
    let x = node.input(0), y = node.output()
    var resize = edge_resize()
    resize.batch = Int32(truncatingIfNeeded: x.dims[0])
    resize.in_h = Int32(truncatingIfNeeded: x.dims[1])
    resize.in_w = Int32(truncatingIfNeeded: x.dims[2])
    resize.channels = Int32(truncatingIfNeeded: x.dims[3])
    resize.out_h = Int32(truncatingIfNeeded: y.dims[1])
    resize.out_w = Int32(truncatingIfNeeded: y.dims[2])
    resize.in_zero = x.zeroPoint
    resize.row0 = UnsafePointer(node.input(1).int32)
    guard node.opCode == .resizeLinear else {
      resize.col0 = UnsafePointer(node.input(2).int32)
      return resize
    }
    resize.row1 = UnsafePointer(node.input(2).int32)
    resize.row_weight = UnsafePointer(node.input(3).float)
    resize.col0 = UnsafePointer(node.input(4).int32)
    resize.col1 = UnsafePointer(node.input(5).int32)
    resize.col_weight = UnsafePointer(node.input(6).float)
    return resize
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    context.split(node, units: y.count(0..<2), elements: y.count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output(), kernels = part.kernels
      let (begin, end) = part.rows
      var resize = Resize.describe(node)
      if node.opCode == .resizeNearest {
        kernels.pointee.resize_nearest(
          &resize, x.data, y.data, Int32(truncatingIfNeeded: x.type.byteCount), begin, end)
      } else if x.type == .int8 {
        kernels.pointee.resize_linear_s8(&resize, x.int8, y.int8, begin, end)
      } else {
        kernels.pointee.resize_linear_f32(&resize, x.float, y.float, begin, end)
      }
    }
  }
}
