import EdgeFormat

/// Row-major strides of a shape.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = Array(repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * shape[axis + 1]
  }
  return strides
}

extension Tensor {
  /// The tensor whose element at `i` is this one's at `offset + sum(i * strides)`: transposition,
  /// slicing and broadcasting in one.
  ///
  /// Strides may be 0 or negative.
  func strided(shape: [Int], strides: [Int], offset: Int = 0) -> Tensor {
    switch elements {
    case .float(let values):
      Tensor(
        copyStrided(values, shape: shape, strides: strides, offset: offset), shape: shape,
        type: type)
    case .integer(let values):
      Tensor(
        copyStrided(values, shape: shape, strides: strides, offset: offset), shape: shape,
        type: type)
    }
  }

  /// Repeats axes of size 1, and adds leading axes, up to `shape`.
  func broadcast(to shape: [Int]) -> Tensor {
    if self.shape == shape { return self }
    let lead = shape.count - self.shape.count
    let own = rowMajorStrides(self.shape)
    let strides = shape.indices.map { axis in
      axis < lead || self.shape[axis - lead] == 1 ? 0 : own[axis - lead]
    }
    return strided(shape: shape, strides: strides)
  }

  /// Axis `i` of the result is axis `permutation[i]` of this tensor.
  func transposed(_ permutation: [Int]) -> Tensor {
    if permutation == Array(shape.indices) { return self }
    let own = rowMajorStrides(shape)
    return strided(shape: permutation.map { shape[$0] }, strides: permutation.map { own[$0] })
  }

  /// The same elements under another shape of the same count.
  func reshaped(_ shape: [Int]) -> Tensor {
    var result = self
    result.shape = shape
    return result
  }

  /// The same elements as another ONNX type of the same storage kind.
  func retyped(_ type: ElementType) -> Tensor {
    var result = self
    result.type = type
    return result
  }
}

private func copyStrided<T: BitwiseCopyable>(
  _ source: [T], shape: [Int], strides: [Int], offset: Int
) -> [T] {
  let count = shape.reduce(1, *)
  if count == 0 { return [] }
  var sizes: [Int] = []
  var steps: [Int] = []
  for axis in shape.indices where shape[axis] != 1 {
    if let size = sizes.last, let step = steps.last, step == strides[axis] * shape[axis] {
      sizes[sizes.count - 1] = size * shape[axis]
      steps[steps.count - 1] = strides[axis]
    } else {
      sizes.append(shape[axis])
      steps.append(strides[axis])
    }
  }
  let inner = sizes.popLast() ?? 1
  let innerStep = steps.popLast() ?? 1
  return source.withUnsafeBufferPointer { source in
    Array(unsafeUninitializedCapacity: count) { target, filled in
      var index = Array(repeating: 0, count: sizes.count)
      var from = offset
      var to = 0
      while true {
        if innerStep == 1 {
          for i in 0..<inner { target.initializeElement(at: to &+ i, to: source[from &+ i]) }
        } else {
          for i in 0..<inner {
            target.initializeElement(at: to &+ i, to: source[from &+ i &* innerStep])
          }
        }
        to += inner
        if to >= count { break }
        var axis = sizes.count - 1
        while axis >= 0 {
          index[axis] += 1
          from += steps[axis]
          if index[axis] < sizes[axis] { break }
          from -= sizes[axis] * steps[axis]
          index[axis] = 0
          axis -= 1
        }
      }
      filled = count
    }
  }
}
