import EdgeFormat

/// How a window slides along one axis; what convolution and pooling share.
struct WindowAxis {
  /// Largest kernel, stride, dilation or pad.
  static let limit = 1 << 15

  var kernel: Int32
  var stride: Int32
  var dilation: Int32
  var before: Int32
  var after: Int32

  /// Throws unless every position of `output` windows lies inside the padded input, and all of it fits 32 bits.
  func check(_ node: NodeView, input: Int, output: Int) throws(EdgeError) {
    let range = 1...WindowAxis.limit
    try node.expect(Int(kernel), in: range, "a kernel size is %0, not in %1...%2")
    try node.expect(Int(stride), in: range, "a stride is %0, not in %1...%2")
    try node.expect(Int(dilation), in: range, "a dilation is %0, not in %1...%2")
    try node.expect(Int(before), in: 0...WindowAxis.limit, "a pad is %0, not in %1...%2")
    try node.expect(Int(after), in: 0...WindowAxis.limit, "a pad is %0, not in %1...%2")
    guard output > 0 else { return }
    let padded = input + Int(before) + Int(after)
    let last = (output - 1) * Int(stride) + (Int(kernel) - 1) * Int(dilation)
    guard input > 0, padded <= Int(Int32.max), last < padded else {
      throw node.corrupt(
        "a window ends at %0 in %1 rows or columns, padding included", last + 1, padded)
    }
  }
}

extension NodeView {
  /// Throws unless a tensor is `[N, H, W, C]` of a size that 32-bit offsets can address.
  func expectImage(_ tensor: TensorView) throws(EdgeError) {
    try expectRank(tensor, 4)
    guard tensor.count <= Int(Int32.max) else {
      throw corrupt("an image tensor has %0 elements, more than %1", tensor.count, Int(Int32.max))
    }
  }
}
