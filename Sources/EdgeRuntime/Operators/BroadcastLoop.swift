/// The axes of an elementwise operation on two broadcast operands, merged where both operands go on
/// evenly.
///
/// The innermost axis has steps 0 or 1, so that a kernel can take it whole; the others are walked
/// by `offsets`.
struct BroadcastLoop {
  private var rank = 0
  private var sizes: InlineArray<8, Int> = .init(repeating: 1)
  private var aStrides: InlineArray<8, Int> = .init(repeating: 0)
  private var bStrides: InlineArray<8, Int> = .init(repeating: 0)

  /// - Parameters:
  ///   - a: left operand; its axes are the last of y's, equal in size or 1.
  ///   - b: right operand, likewise.
  ///   - y: the result.
  init(_ a: TensorView, _ b: TensorView, _ y: TensorView) {
    for axis in 0..<y.rank {
      append(
        y.dims[axis], a.broadcastStride(axis, rank: y.rank), b.broadcastStride(axis, rank: y.rank))
    }
  }

  private mutating func append(_ size: Int, _ aStride: Int, _ bStride: Int) {
    guard size != 1 else { return }
    let last = rank &- 1
    if rank > 0, aStrides[last] == size &* aStride, bStrides[last] == size &* bStride {
      sizes[last] &*= size
      aStrides[last] = aStride
      bStrides[last] = bStride
      return
    }
    sizes[rank] = size
    aStrides[rank] = aStride
    bStrides[rank] = bStride
    rank &+= 1
  }

  /// Size of the innermost axis and the operands' steps along it.
  var inner: (size: Int, aStep: Int, bStep: Int) {
    let last = max(0, rank &- 1)
    return (sizes[last], aStrides[last], bStrides[last])
  }

  /// Where row `row` of the innermost axis begins in both operands, in elements.
  func offsets(row: Int) -> (a: Int, b: Int) {
    var rest = row, a = 0, b = 0
    var axis = rank &- 2
    while axis > 0 {
      let index = rest % sizes[axis]
      rest /= sizes[axis]
      a &+= index &* aStrides[axis]
      b &+= index &* bStrides[axis]
      axis &-= 1
    }
    if axis == 0 {
      a &+= rest &* aStrides[0]
      b &+= rest &* bStrides[0]
    }
    return (a, b)
  }
}
