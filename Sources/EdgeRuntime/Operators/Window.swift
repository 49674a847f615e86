import EdgeFormat

/// How a window slides along one axis; what convolution and pooling share.
struct WindowAxis {
  /// Largest kernel, stride, dilation or pad.
  static let limit = 1 << 15
  /// Most elements of an image, its padding included, and of a window: far from where 32-bit sums
  /// of offsets overflow.
  static let mostElements = 1 << 30

  var kernel: Int32
  var stride: Int32
  var dilation: Int32
  var before: Int32
  var after: Int32

  /// Throws unless every position of `output` windows lies inside the padded input, and all of it
  /// fits 32 bits.
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
    guard input > 0, padded <= WindowAxis.mostElements, last < padded else {
      throw node.corrupt(
        "a window ends at %0 in %1 rows or columns, padding included", last + 1, padded)
    }
  }
}

extension NodeView {
  /// Throws unless x and y are `[N, H, W, C]` with as many images, and windows slide over x as two
  /// axes say.
  func expectWindows(_ rows: WindowAxis, _ columns: WindowAxis) throws(EdgeError) {
    let x = input(0), y = output()
    try expectImage(x)
    try expectImage(y)
    try expectEqual(x, y, axes: 0..<1)
    try rows.check(self, input: x.dims[1], output: y.dims[1])
    try columns.check(self, input: x.dims[2], output: y.dims[2])
    guard y.count > 0 else { return }
    let height = x.dims[1] + Int(rows.before) + Int(rows.after)
    let width = x.dims[2] + Int(columns.before) + Int(columns.after)
    let window = Int(rows.kernel) * Int(columns.kernel)
    // Each factor is below 2^31 when it is multiplied, so that no product overflows.
    guard height * width <= WindowAxis.mostElements,
      height * width * x.dims[3] <= WindowAxis.mostElements,
      Int(rows.kernel) * height <= WindowAxis.mostElements, window <= 1 << 22
    else {
      throw corrupt(
        "windows of %0 over a padded image of %1 x %2 x %3 are too large", window, height, width,
        x.dims[3])
    }
  }

  /// Throws unless a tensor is `[N, H, W, C]` of a size that 32-bit offsets can address.
  func expectImage(_ tensor: TensorView) throws(EdgeError) {
    try expectRank(tensor, 4)
    try expect(
      tensor.count, in: 0...WindowAxis.mostElements,
      "an image tensor has %0 elements, not %1 to %2")
  }
}
