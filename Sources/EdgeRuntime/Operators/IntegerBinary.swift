import CEdgeKernels

/// One stretch of `binary` on int32 or int64: shape arithmetic and indices, rarely more than a few
/// elements.
struct IntegerBinary {
  var kind: Int32
  var aStep: Int
  var bStep: Int
  var count: Int

  func run<T: FixedWidthInteger & SignedInteger>(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ y: UnsafeMutablePointer<T>
  ) {
    for i in 0..<count {
      let left = a[i &* aStep], right = b[i &* bStep]
      switch Int(kind) {
      case EDGE_BINARY_ADD: y[i] = left &+ right
      case EDGE_BINARY_SUB: y[i] = left &- right
      case EDGE_BINARY_MUL: y[i] = left &* right
      case EDGE_BINARY_MIN: y[i] = min(left, right)
      case EDGE_BINARY_MAX: y[i] = max(left, right)
      default: y[i] = quotient(left, right)
      }
    }
  }

  private func quotient<T: FixedWidthInteger & SignedInteger>(_ left: T, _ right: T) -> T {
    if right == 0 { return 0 }
    // -1 apart, because the least integer divided by it overflows.
    return right == -1 ? 0 &- left : left / right
  }
}
