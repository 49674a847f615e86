/// The sliding window of a convolution or pool over the spatial axes, with automatic padding
/// solved.
///
/// Attributes kernel_shape, strides, dilations, pads, auto_pad, ceil_mode of the opset pages.
struct Window {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  /// Padding before and after each axis; symbolic for automatic padding of symbolic sizes.
  var before: [Dimension]
  var after: [Dimension]
  var output: [Dimension]

  /// - Parameters:
  ///   - spatial: sizes of the input's spatial axes.
  ///   - kernel: sizes of the window.
  /// - Throws: `ConversionError.invalid` when attributes contradict each other or the window does
  ///   not fit.
  init(_ node: Node, spatial: [Dimension], kernel: [Int]) throws {
    let rank = spatial.count
    let pads = node.ints("pads") ?? Array(repeating: 0, count: 2 * rank)
    self.kernel = kernel
    strides = node.ints("strides") ?? Array(repeating: 1, count: rank)
    dilations = node.ints("dilations") ?? Array(repeating: 1, count: rank)
    before = []
    after = []
    output = []
    guard kernel.count == rank, strides.count == rank, dilations.count == rank,
      pads.count == 2 * rank,
      (kernel + strides + dilations).allSatisfy({ $0 > 0 && $0 < 1 << 20 }),
      pads.allSatisfy({ $0 > -1 << 20 && $0 < 1 << 20 })
    else {
      throw node.invalid("kernel_shape, strides, dilations or pads do not fit \(rank) spatial axes")
    }
    for axis in 0..<rank {
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      let stride = Dimension(strides[axis])
      switch node.string("auto_pad") ?? "NOTSET" {
      case "SAME_UPPER", "SAME_LOWER":
        let size = (spatial[axis] + stride - Dimension(1)) / stride
        let total = Dimension.max(
          (size - Dimension(1)) * stride + Dimension(reach) - spatial[axis], Dimension(0))
        let half = total / Dimension(2)
        let upper = node.string("auto_pad") == "SAME_UPPER"
        before.append(upper ? half : total - half)
        after.append(upper ? total - half : half)
        output.append(size)
      case "VALID":
        before.append(Dimension(0))
        after.append(Dimension(0))
        output.append((spatial[axis] - Dimension(reach)) / stride + Dimension(1))
      case "NOTSET":
        before.append(Dimension(pads[axis]))
        after.append(Dimension(pads[axis + rank]))
        let free = spatial[axis] + Dimension(pads[axis] + pads[axis + rank] - reach)
        output.append(
          Window.count(free, strides[axis], node, limit: spatial[axis] + Dimension(pads[axis])))
      case let other:
        throw node.invalid("auto_pad \"\(other)\" does not exist")
      }
      if let size = output[axis].constant, size < 1 {
        throw node.invalid("a window of \(reach) does not fit axis \(axis) of \(spatial[axis])")
      }
    }
  }

  /// Window positions; with ceil_mode the last one must start before `limit`.
  private static func count(_ free: Dimension, _ stride: Int, _ node: Node, limit: Dimension)
    -> Dimension
  {
    guard node.int("ceil_mode", 0) != 0 else { return free / Dimension(stride) + Dimension(1) }
    let count = (free + Dimension(stride - 1)) / Dimension(stride) + Dimension(1)
    if let known = count.constant, let end = limit.constant, (known - 1) * stride >= end {
      return Dimension(known - 1)
    }
    return count
  }
}

/// A window over known sizes with three spatial axes, unused leading ones of size 1: what
/// evaluation loops over.
struct Window3 {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  var before: [Int]
  var input: [Int]
  var output: [Int]

  init(_ node: Node, spatial: [Int], kernel: [Int]) throws {
    let window = try Window(node, spatial: spatial.map { Dimension($0) }, kernel: kernel)
    guard spatial.count <= 3 else { throw node.invalid("more than three spatial axes") }
    let lead = 3 - spatial.count
    func fill(_ values: [Int], _ filler: Int) -> [Int] {
      Array(repeating: filler, count: lead) + values
    }
    self.kernel = fill(kernel, 1)
    strides = fill(window.strides, 1)
    dilations = fill(window.dilations, 1)
    before = fill(window.before.compactMap(\.constant), 0)
    input = fill(spatial, 1)
    output = fill(window.output.compactMap(\.constant), 1)
  }

  var inputCount: Int { input.reduce(1, *) }
  var outputCount: Int { output.reduce(1, *) }
  var kernelCount: Int { kernel.reduce(1, *) }

  /// The outputs along the last axis whose tap `k` reads inside the input.
  func insideRange(tap k: Int) -> Range<Int> {
    let shift = k * dilations[2] - before[2]
    let stride = strides[2]
    let first = shift >= 0 ? 0 : (-shift + stride - 1) / stride
    let last = input[2] - 1 - shift
    let end = last < 0 ? 0 : min(output[2], last / stride + 1)
    return min(first, end)..<end
  }
}
