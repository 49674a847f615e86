import EdgeFormat

/// Geometry of a sliding window over height and width; one-dimensional operators have height 1.
struct KernelWindow: Sendable, Equatable {
  var kernel = (height: 1, width: 1)
  var stride = (height: 1, width: 1)
  var dilation = (height: 1, width: 1)
  var top = 0
  var left = 0
  var bottom = 0
  var right = 0

  /// A window of one element.
  init() {}

  /// Reads `strides`, `dilations`, `pads`, `auto_pad` and `ceil_mode` of a node.
  /// - Parameters:
  ///   - node: a convolution or pool over one or two axes.
  ///   - kernel: its kernel's sizes.
  ///   - input: sizes of the input's spatial axes.
  ///   - output: sizes of the output's spatial axes.
  /// - Throws: `ConversionError.invalid` when a list has another length than the kernel.
  init(_ node: Node, kernel: [Int], input: [Dimension], output: [Dimension]) throws {
    let rank = kernel.count
    let strides = node.ints("strides") ?? Array(repeating: 1, count: rank)
    let dilations = node.ints("dilations") ?? Array(repeating: 1, count: rank)
    let pads = node.ints("pads") ?? Array(repeating: 0, count: 2 * rank)
    guard (1...2).contains(rank), strides.count == rank, dilations.count == rank,
      pads.count == 2 * rank
    else {
      throw ConversionError.invalid(
        "node '\(node.name)' (\(node.op)) has \(strides.count) strides, \(dilations.count) dilations and \(pads.count) "
          + "pads for a kernel of rank \(rank); one or two spatial axes are supported")
    }
    let axes = (0..<rank).map { axis in
      KernelWindow.pads(
        node.string("auto_pad") ?? "NOTSET", explicit: (pads[axis], pads[axis + rank]),
        extent: (kernel[axis] - 1) * dilations[axis] + 1, stride: strides[axis], input: input[axis],
        output: output[axis])
    }
    if rank == 2 {
      self.kernel = (kernel[0], kernel[1])
      stride = (strides[0], strides[1])
      dilation = (dilations[0], dilations[1])
      (top, bottom) = axes[0]
      (left, right) = axes[1]
    } else {
      self.kernel = (1, kernel[0])
      stride = (1, strides[0])
      dilation = (1, dilations[0])
      (left, right) = axes[0]
    }
  }

  private static func pads(
    _ mode: String, explicit: (Int, Int), extent: Int, stride: Int, input: Dimension,
    output: Dimension
  ) -> (Int, Int) {
    if mode == "VALID" { return (0, 0) }
    guard let x = input.constant, let y = output.constant else { return explicit }
    let total = (y - 1) * stride + extent - x
    switch mode {
    case "SAME_UPPER": return (max(total, 0) / 2, max(total, 0) - max(total, 0) / 2)
    case "SAME_LOWER": return (max(total, 0) - max(total, 0) / 2, max(total, 0) / 2)
    default: return (explicit.0, max(explicit.1, total - explicit.0))
    }
  }

  static func == (a: KernelWindow, b: KernelWindow) -> Bool {
    a.kernel == b.kernel && a.stride == b.stride && a.dilation == b.dilation && a.top == b.top
      && a.left == b.left && a.bottom == b.bottom && a.right == b.right
  }
}
