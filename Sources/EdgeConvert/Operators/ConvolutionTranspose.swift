import EdgeFormat

/// x `[N, C, spatial...]`, w `[C, M / group, kernel...]`, b? `[M]` → y `[N, M, output...]`.
/// <https://onnx.ai/onnx/operators/onnx__ConvTranspose.html>
extension Operator {
  static let convolutionTranspose = Operator(
    "ConvTranspose", opsets: 1...latestOpset,
    infer: { node, graph in
      let x = try graph.shape(node, 0)
      let weights = try graph.shape(node, 1)
      guard x.count >= 3, weights.count == x.count else {
        throw node.invalid("x and w differ in rank")
      }
      let form = try TransposedWindow(
        node, spatial: Array(x.dropFirst(2)), kernel: try kernelShape(node, weights))
      let maps = weights[1] * Dimension(node.int("group", 1))
      return [ValueType(type: try graph.type(node, 0), shape: [x[0], maps] + form.output)]
    },
    evaluate: { node, inputs in [try evaluateTranspose(node, inputs)] },
    quantize: .weighted, lower: nil, rewrite: convolutionPhases)

  @Sendable private static func evaluateTranspose(_ node: Node, _ inputs: [Tensor?]) throws
    -> Tensor
  {
    let x = try need(node, inputs, 0)
    let weights = try need(node, inputs, 1)
    let groups = node.int("group", 1)
    guard x.shape.count >= 3, weights.shape.count == x.shape.count, x.shape[1] == weights.shape[0],
      groups > 0, x.shape[1] % groups == 0
    else { throw node.invalid("x \(x.shape) does not fit w \(weights.shape)") }
    let form = try TransposedWindow(
      node, spatial: x.shape.dropFirst(2).map { Dimension($0) },
      kernel: Array(weights.shape.dropFirst(2)))
    let window = Window3(adjointOf: form, spatial: Array(x.shape.dropFirst(2)))
    let channels = x.shape[1] / groups
    let maps = weights.shape[1]
    let bias = optional(inputs, 2)?.floats
    let size = window.inputCount
    let depth = maps * window.kernelCount
    var result = Array(repeating: Float(0), count: x.shape[0] * groups * maps * size)
    var columns = Array(repeating: Float(0), count: depth * window.outputCount)
    let (data, filter) = (x.floats, weights.floats)
    result.withUnsafeMutableBufferPointer { result in
      columns.withUnsafeMutableBufferPointer { columns in
        data.withUnsafeBufferPointer { data in
          filter.withUnsafeBufferPointer { filter in
            guard let result = result.baseAddress, let columns = columns.baseAddress,
              let data = data.baseAddress, let filter = filter.baseAddress
            else { return }
            for map in 0..<(bias == nil ? 0 : x.shape[0] * groups * maps) {
              (result + map * size).update(
                repeating: bias?[map % (groups * maps)] ?? 0, count: size)
            }
            for part in 0..<(x.shape[0] * groups) {
              multiply(
                rows: depth, columns: window.outputCount, depth: channels,
                filter + part % groups * channels * depth, aOrder: .transposed,
                data + part * channels * window.outputCount, into: columns)
              window.fold(columns, channels: maps, into: result + part * maps * size)
            }
          }
        }
      }
    }
    try Epilogue(node).apply(&result, node, inputs)
    return Tensor(
      result, shape: [x.shape[0], groups * maps] + window.input.suffix(x.shape.count - 2))
  }
}

/// Geometry of a transposed convolution, with `output_shape`, `output_padding` and automatic
/// padding solved.
struct TransposedWindow {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  var before: [Dimension] = []
  var after: [Dimension] = []
  var output: [Dimension] = []
  /// `output_padding` with which explicit pads give the same output.
  var surplus: [Dimension] = []

  init(_ node: Node, spatial: [Dimension], kernel: [Int]) throws {
    let rank = spatial.count
    let pads = node.ints("pads") ?? Array(repeating: 0, count: 2 * rank)
    let extra = node.ints("output_padding") ?? Array(repeating: 0, count: rank)
    self.kernel = kernel
    strides = node.ints("strides") ?? Array(repeating: 1, count: rank)
    dilations = node.ints("dilations") ?? Array(repeating: 1, count: rank)
    let automatic = node.string("auto_pad") ?? "NOTSET"
    guard kernel.count == rank, strides.count == rank, dilations.count == rank,
      pads.count == 2 * rank,
      extra.count == rank, (kernel + strides + dilations).allSatisfy({ $0 > 0 && $0 < 1 << 20 }),
      (pads + extra).allSatisfy({ $0 > -1 << 20 && $0 < 1 << 20 })
    else {
      throw node.invalid("kernel_shape, strides, dilations or pads do not fit \(rank) spatial axes")
    }
    let stated = node.ints("output_shape")?.suffix(rank).map { Dimension($0) }
    for axis in 0..<rank {
      let full =
        (spatial[axis] - Dimension(1)) * Dimension(strides[axis])
        + Dimension(extra[axis] + (kernel[axis] - 1) * dilations[axis] + 1)
      let same = automatic.hasPrefix("SAME")
      if stated != nil || same {
        let size = stated?[axis] ?? spatial[axis] * Dimension(strides[axis])
        let total = Dimension.max(full - size, Dimension(0))
        let half = total / Dimension(2)
        let upper = automatic == "SAME_UPPER"
        before.append(upper ? half : total - half)
        after.append(upper ? total - half : half)
        output.append(size)
      } else {
        let free = automatic == "VALID"
        before.append(Dimension(free ? 0 : pads[axis]))
        after.append(Dimension(free ? 0 : pads[axis + rank]))
        output.append(full - before[axis] - after[axis])
      }
      surplus.append(
        output[axis] + before[axis] + after[axis] - full + Dimension(extra[axis]))
      if let size = output[axis].constant, size < 1 {
        throw node.invalid("pads leave \(size) elements of axis \(axis)")
      }
    }
  }
}

extension Window3 {
  /// The convolution whose adjoint a transposed convolution is: from its output to its input.
  init(adjointOf form: TransposedWindow, spatial: [Int]) {
    let lead = 3 - spatial.count
    func fill(_ values: [Int], _ filler: Int) -> [Int] {
      Array(repeating: filler, count: lead) + values
    }
    kernel = fill(form.kernel, 1)
    strides = fill(form.strides, 1)
    dilations = fill(form.dilations, 1)
    before = fill(form.before.compactMap(\.constant), 0)
    input = fill(form.output.compactMap(\.constant), 1)
    output = fill(spatial, 1)
  }
}
