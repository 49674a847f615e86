import EdgeFormat

/// x `[N, C, spatial...]`, w `[M, C / group, kernel...]`, b? `[M]` → y `[N, M, output...]`; one to
/// three spatial axes. <https://onnx.ai/onnx/operators/onnx__Conv.html>
extension Operator {
  static let convolution = Operator(
    "Conv", opsets: 1...latestOpset,
    check: { node, graph in
      guard let rank = graph.operand(node, 0)?.shape?.count, rank > 5 else { return [] }
      return [
        node.obstacle("has \(rank - 2) spatial axes", remedy: "use one to three spatial axes")
      ]
    },
    infer: { node, graph in
      let x = try graph.shape(node, 0)
      let weights = try graph.shape(node, 1)
      guard x.count >= 3, weights.count == x.count else {
        throw node.invalid("x and w differ in rank")
      }
      let kernel = try kernelShape(node, weights)
      let groups = Dimension(node.int("group", 1))
      if let channels = x[1].constant, let own = weights[1].constant, let count = groups.constant,
        let maps = weights[0].constant, count < 1 || channels != own * count || maps % count != 0
      {
        throw node.invalid("\(channels) channels do not fit weights of \(own) x \(count) groups")
      }
      let window = try Window(node, spatial: Array(x.dropFirst(2)), kernel: kernel)
      return [ValueType(type: try graph.type(node, 0), shape: [x[0], weights[0]] + window.output)]
    },
    evaluate: { node, inputs in [try Convolution(node, inputs).run()] },
    quantize: .weighted, lower: Lowering.convolution, rewrite: convolutionOfSlices)

  /// Sizes of the window of a Conv or ConvTranspose: those of its weights.
  static func kernelShape(_ node: Node, _ weights: [Dimension]) throws -> [Int] {
    let kernel = weights.dropFirst(2).compactMap(\.constant)
    guard kernel.count == weights.count - 2 else {
      throw node.invalid("the kernel's size is not constant")
    }
    if let stated = node.ints("kernel_shape"), stated != kernel {
      throw node.invalid("kernel_shape \(stated) is not that of the weights, \(kernel)")
    }
    return kernel
  }
}

/// One evaluation of a Conv: im2col and matrix products, or direct sums where every map reads one
/// channel.
private struct Convolution {
  let node: Node
  let inputs: [Tensor?]
  let x: Tensor
  let weights: Tensor
  let window: Window3
  let groups: Int
  let outputShape: [Int]

  init(_ node: Node, _ inputs: [Tensor?]) throws {
    self.node = node
    self.inputs = inputs
    x = try need(node, inputs, 0)
    weights = try need(node, inputs, 1)
    groups = node.int("group", 1)
    guard x.shape.count >= 3, weights.shape.count == x.shape.count, groups > 0,
      weights.shape[1] * groups == x.shape[1], weights.shape[0] % groups == 0
    else { throw node.invalid("x \(x.shape) does not fit w \(weights.shape) in \(groups) groups") }
    window = try Window3(
      node, spatial: Array(x.shape.dropFirst(2)), kernel: Array(weights.shape.dropFirst(2)))
    outputShape = [x.shape[0], weights.shape[0]] + window.output.suffix(x.shape.count - 2)
  }

  func run() throws -> Tensor {
    let maps = weights.shape[0]
    let bias = optional(inputs, 2)?.floats
    let size = window.outputCount
    var result = Array(repeating: Float(0), count: x.shape[0] * maps * size)
    let (data, filter) = (x.floats, weights.floats)
    result.withUnsafeMutableBufferPointer { result in
      data.withUnsafeBufferPointer { data in
        filter.withUnsafeBufferPointer { filter in
          guard let result = result.baseAddress, let data = data.baseAddress,
            let filter = filter.baseAddress
          else { return }
          for map in 0..<(bias == nil ? 0 : x.shape[0] * maps) {
            (result + map * size).update(repeating: bias?[map % maps] ?? 0, count: size)
          }
          for image in 0..<x.shape[0] {
            let source = data + image * x.shape[1] * window.inputCount
            let target = result + image * maps * size
            if weights.shape[1] == 1 {
              sumChannels(source, filter, target)
            } else {
              for group in 0..<groups { multiplyGroup(group, source, filter, target) }
            }
          }
        }
      }
    }
    try Epilogue(node).apply(&result, node, inputs)
    return Tensor(result, shape: outputShape)
  }

  private func multiplyGroup(
    _ group: Int, _ image: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let (maps, channels, size) = (weights.shape[0] / groups, weights.shape[1], window.outputCount)
    let depth = channels * window.kernelCount
    let source = image + group * channels * window.inputCount
    let rows = filter + group * maps * depth
    let target = output + group * maps * size
    if window.isPointwise {
      multiply(rows: maps, columns: size, depth: depth, rows, source, beta: 1, into: target)
      return
    }
    let lines = window.output[0] * window.output[1]
    let linesAtOnce = max(1, min(lines, 1 << 18 / max(1, depth * window.output[2])))
    var columns = Array(repeating: Float(0), count: depth * linesAtOnce * window.output[2])
    columns.withUnsafeMutableBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      for first in stride(from: 0, to: lines, by: linesAtOnce) {
        let count = min(linesAtOnce, lines - first)
        window.unfold(source, channels: channels, lines: first..<(first + count), into: columns)
        multiply(
          rows: maps, columns: count * window.output[2], depth: depth, rows, columns, beta: 1,
          into: target + first * window.output[2], cStride: size)
      }
    }
  }

  private func sumChannels(
    _ image: UnsafePointer<Float>, _ filter: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let perChannel = weights.shape[0] / groups
    for map in 0..<weights.shape[0] {
      let source = image + map / perChannel * window.inputCount
      let target = output + map * window.outputCount
      let taps = filter + map * window.kernelCount
      window.forEachLine { tap, line, start, range, sourceLine in
        let weight = taps[tap]
        let (from, to) = (source + sourceLine + start, target + line * window.output[2])
        if window.strides[2] == 1 {
          for i in range { to[i] += weight * from[i] }
        } else {
          for i in range { to[i] += weight * from[i &* window.strides[2]] }
        }
      }
    }
  }
}
