import EdgeFormat

/// Eight values, one an axis, as parameters store them.
typealias AxisValues = (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32)

/// The value of one axis.
func axisValue(_ values: AxisValues, _ axis: Int) -> Int {
  withUnsafeBytes(of: values) { Int($0.load(fromByteOffset: axis &* 4, as: Int32.self)) }
}

extension TensorView {
  /// Bytes of this run.
  var byteCount: Int { count &* type.byteCount }

  /// Size of an axis of a tensor of rank `rank`, of which this one's axes are the last; 1 where it
  /// has none.
  func aligned(_ axis: Int, rank: Int) -> Int {
    let own = axis &- (rank &- self.rank)
    return own < 0 ? 1 : dims[own]
  }

  /// Elements from one index of an axis of a broadcast result of rank `rank` to the next; 0 where
  /// this tensor repeats.
  func broadcastStride(_ axis: Int, rank: Int) -> Int {
    guard aligned(axis, rank: rank) != 1 else { return 0 }
    return count((axis &- (rank &- self.rank) &+ 1)..<self.rank)
  }

  /// Moves the index of an element on to the next one's, in row-major order.
  @inline(never)
  func advance(_ index: inout InlineArray<8, Int>) {
    var axis = rank &- 1
    while axis >= 0 {
      index[axis] &+= 1
      if index[axis] < dims[axis] { return }
      index[axis] = 0
      axis &-= 1
    }
  }
}

// What the operators' checks share.
extension NodeView {
  /// Throws unless a tensor is int8 with a scale and a zero point that arithmetic can rely on.
  @inline(never)
  func expectQuantized(_ tensor: TensorView) throws(EdgeError) {
    guard tensor.type == .int8, tensor.scale.isFinite, tensor.scale > 0 else {
      throw corrupt("a quantized operand has no int8 type or no positive scale")
    }
    guard tensor.zeroPoint >= -128, tensor.zeroPoint <= 127 else {
      throw corrupt("zero point %0 lies outside of int8", Int(tensor.zeroPoint))
    }
  }

  /// Throws unless a tensor is float32.
  @inline(never)
  func expectFloat(_ tensor: TensorView) throws(EdgeError) {
    try require(tensor.type == .float32, "an operand is not float32")
  }

  /// Throws unless a tensor has this rank.
  @inline(never)
  func expectRank(_ tensor: TensorView, _ rank: Int) throws(EdgeError) {
    guard tensor.rank == rank else {
      throw corrupt("an operand has rank %0, not %1", tensor.rank, rank)
    }
  }

  /// Throws unless low <= high lie in int8.
  @inline(never)
  func expectClamp(low: Int32, high: Int32) throws(EdgeError) {
    guard -128 <= low, low <= high, high <= 127 else {
      throw corrupt("the clamp %0...%1 is empty or leaves int8", Int(low), Int(high))
    }
  }

  /// Throws unless sizes of two tensors are equal on the axes of a range.
  @inline(never)
  func expectEqual(_ a: TensorView, _ b: TensorView, axes: Range<Int>) throws(EdgeError) {
    for axis in axes where a.dims[axis] != b.dims[axis] {
      throw corrupt("axis %0 has size %1 and %2", axis, a.dims[axis], b.dims[axis])
    }
  }

  /// Throws unless x, its axes taken as the last of y's, has size 1 or y's on the axes of a range.
  @inline(never)
  func expectBroadcast(_ x: TensorView, to y: TensorView, axes: Range<Int>) throws(EdgeError) {
    try require(x.rank <= y.rank, "an operand has more axes than the result")
    for axis in axes {
      let size = x.aligned(axis, rank: y.rank)
      guard size == 1 || size == y.dims[axis] else {
        throw corrupt("axis %0 of size %1 does not broadcast to %2", axis, size, y.dims[axis])
      }
    }
  }

  /// Throws unless two tensors have as many elements.
  @inline(never)
  func expectSameCount(_ x: TensorView, _ y: TensorView) throws(EdgeError) {
    guard x.count == y.count else {
      throw corrupt("%0 elements become %1", x.count, y.count)
    }
  }

  /// Throws unless two tensors have the same type, scale and zero point.
  @inline(never)
  func expectSameForm(_ x: TensorView, _ y: TensorView) throws(EdgeError) {
    try require(
      x.type == y.type && x.scale == y.scale && x.zeroPoint == y.zeroPoint,
      "operands differ in type or quantization")
  }

  /// Throws unless two tensors are equal in type and shape.
  @inline(never)
  func expectAlike(_ a: TensorView, _ b: TensorView) throws(EdgeError) {
    try require(a.type == b.type, "operands differ in type")
    try require(a.hasShape(of: b), "operands differ in shape")
  }

  /// Throws unless a number lies in a range.
  @inline(never)
  func expect(_ value: Int, in range: ClosedRange<Int>, _ text: StaticString) throws(EdgeError) {
    guard range.lowerBound <= value, value <= range.upperBound else {
      throw corrupt(text, value, range.lowerBound, range.upperBound)
    }
  }
}
