import CEdgeKernels

/// A dense tensor filled from strided reads: what transpose, slice and broadcast come down to.
///
/// Axes are appended outermost first; those of size 1 vanish and those that continue each other
/// merge.
struct StridedCopy {
  private var x: UnsafeRawPointer
  private var y: UnsafeMutableRawPointer
  private let elementBytes: Int
  private var rank = 0
  private var dims: InlineArray<8, Int64> = .init(repeating: 1)
  private var strides: InlineArray<8, Int64> = .init(repeating: 0)

  /// - Parameters:
  ///   - x: the element that the first element of y takes.
  ///   - y: first element of the dense result.
  ///   - elementBytes: 1, 2, 4 or 8.
  init(x: UnsafeRawPointer, y: UnsafeMutableRawPointer, elementBytes: Int) {
    self.x = x
    self.y = y
    self.elementBytes = elementBytes
  }

  /// Adds an axis; `stride` is in elements of x.
  mutating func append(size: Int, stride: Int) {
    guard size != 1 else { return }
    if rank > 0, strides[rank &- 1] == Int64(size &* stride) {
      dims[rank &- 1] &*= Int64(size)
      strides[rank &- 1] = Int64(stride)
      return
    }
    dims[rank] = Int64(size)
    strides[rank] = Int64(stride)
    rank &+= 1
  }

  /// Copies, cut along the outermost axis when there is enough to do.
  func run(_ context: RunContext) {
    var count = 1
    for axis in 0..<rank { count &*= Int(dims[axis]) }
    context.split(self, units: Int(dims[0]), elements: count) { pointer, part in
      pointer.load(as: StridedCopy.self).rows(part.begin, part.end).copyAll()
    }
  }

  /// The copy of rows [begin, end) of the outermost axis.
  private func rows(_ begin: Int, _ end: Int) -> StridedCopy {
    var part = self
    var rowElements = 1
    for axis in 1..<max(1, rank) { rowElements &*= Int(dims[axis]) }
    part.x += begin &* Int(strides[0]) &* elementBytes
    part.y += begin &* rowElements &* elementBytes
    part.dims[0] = Int64(end &- begin)
    return part
  }

  private func copyAll() {
    dims.span.withUnsafeBufferPointer { sizes in
      strides.span.withUnsafeBufferPointer { steps in
        edge_copy_strided(
          x, y, Int32(truncatingIfNeeded: elementBytes), Int32(truncatingIfNeeded: max(1, rank)),
          sizes.baseAddress, steps.baseAddress)
      }
    }
  }
}
