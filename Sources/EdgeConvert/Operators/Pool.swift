import EdgeFormat

/// Sliding maximum and average over x `[N, C, spatial...]`.
/// <https://onnx.ai/onnx/operators/onnx__MaxPool.html>,
/// <https://onnx.ai/onnx/operators/onnx__AveragePool.html>
extension Operator {
  static let pools: [Operator] = [
    Operator(
      "MaxPool", opsets: 1...latestOpset,
      infer: { node, graph in
        let y = try inferPool(node, graph)
        return y + [ValueType(type: .int64, shape: y[0].shape)]
      },
      evaluate: { node, inputs in [try maxPool(node, inputs)] },
      quantize: .passThrough, body: poolWithIndices, lower: Lowering.maxPool, rewrite: simplerPool),
    Operator(
      "AveragePool", opsets: 7...latestOpset, infer: inferPool,
      evaluate: { node, inputs in [try averagePool(node, inputs)] },
      quantize: .rescaled, lower: Lowering.averagePool, rewrite: simplerPool),
  ]

  @Sendable private static func inferPool(_ node: Node, _ graph: Graph) throws -> [ValueType] {
    let x = try graph.shape(node, 0)
    guard x.count >= 3, let kernel = node.ints("kernel_shape") else {
      throw node.invalid("needs kernel_shape and an input of three or more axes")
    }
    let window = try Window(node, spatial: Array(x.dropFirst(2)), kernel: kernel)
    return [ValueType(type: try graph.type(node, 0), shape: [x[0], x[1]] + window.output)]
  }

  private static func maxPool(_ node: Node, _ inputs: [Tensor?]) throws -> Tensor {
    let x = try need(node, inputs, 0)
    let (window, shape) = try geometry(node, x)
    var result = Array(repeating: -Float.infinity, count: shape.reduce(1, *))
    result.withUnsafeMutableBufferPointer { result in
      x.floats.withUnsafeBufferPointer { data in
        guard let result = result.baseAddress, let data = data.baseAddress else { return }
        for map in 0..<(shape[0] * shape[1]) {
          window.forEachLine { _, line, start, range, sourceLine in
            let from = data + map * window.inputCount + sourceLine + start
            let to = result + map * window.outputCount + line * window.output[2]
            for i in range { to[i] = max(to[i], from[i &* window.strides[2]]) }
          }
        }
      }
    }
    return x.type.isFloat
      ? Tensor(result, shape: shape, type: x.type)
      : Tensor(result.map { Int64($0) }, shape: shape, type: x.type)
  }

  private static func averagePool(_ node: Node, _ inputs: [Tensor?]) throws -> Tensor {
    let (sums, window) = try windowSums(node, need(node, inputs, 0))
    let spatial = Array(try need(node, inputs, 0).shape.dropFirst(2))
    let counts = window.counts(
      paddingIncluded: node.int("count_include_pad", 0) != 0, after: try trailingPads(node, spatial)
    )
    var values = sums.floats
    for index in values.indices { values[index] /= Float(counts[index % counts.count]) }
    return Tensor(values, shape: sums.shape)
  }

  private static func windowSums(_ node: Node, _ x: Tensor) throws -> (Tensor, Window3) {
    let (window, shape) = try geometry(node, x)
    var result = Array(repeating: Float(0), count: shape.reduce(1, *))
    result.withUnsafeMutableBufferPointer { result in
      x.floats.withUnsafeBufferPointer { data in
        guard let result = result.baseAddress, let data = data.baseAddress else { return }
        for map in 0..<(shape[0] * shape[1]) {
          window.forEachLine { _, line, start, range, sourceLine in
            let from = data + map * window.inputCount + sourceLine + start
            let to = result + map * window.outputCount + line * window.output[2]
            for i in range { to[i] += from[i &* window.strides[2]] }
          }
        }
      }
    }
    return (Tensor(result, shape: shape), window)
  }

  private static func geometry(_ node: Node, _ x: Tensor) throws -> (Window3, [Int]) {
    guard x.shape.count >= 3, let kernel = node.ints("kernel_shape") else {
      throw node.invalid("needs kernel_shape and an input of three or more axes")
    }
    let window = try Window3(node, spatial: Array(x.shape.dropFirst(2)), kernel: kernel)
    return (window, Array(x.shape.prefix(2)) + window.output.suffix(x.shape.count - 2))
  }

  private static func trailingPads(_ node: Node, _ spatial: [Int]) throws -> [Int] {
    let window = try Window(
      node, spatial: spatial.map { Dimension($0) }, kernel: node.ints("kernel_shape") ?? [])
    return Array(repeating: 0, count: 3 - spatial.count) + window.after.compactMap(\.constant)
  }
}

extension Window3 {
  /// How many elements each output averages: those inside the input, or inside the padded input.
  fileprivate func counts(paddingIncluded: Bool, after: [Int]) -> [Int] {
    let perAxis = (0..<3).map { axis -> [Int] in
      let low = paddingIncluded ? -before[axis] : 0
      let high = input[axis] + (paddingIncluded ? after[axis] : 0)
      return (0..<output[axis]).map { position in
        let start = position * strides[axis] - before[axis]
        return (0..<kernel[axis]).count { tap in
          let place = start + tap * dilations[axis]
          return place >= low && place < high
        }
      }
    }
    return perAxis[0].flatMap { a in perAxis[1].flatMap { b in perAxis[2].map { a * b * $0 } } }
  }
}
