import EdgeFormat

/// A convolution or fully connected layer, ready to be emitted.
struct FilterLayer {
  var bank: FilterBank
  var bias: [Float]?
  var window = KernelWindow()
  /// Decided scales of the weights.
  var scales: [Float]?
  /// The value read, the order it must have, and the sizes under which the kernel sees it: `[N, H,
  /// W, C]`.
  var source: ValueID
  var sourceOrder: [Int]
  var sourceDims: [Dimension]
  /// The value written.
  var target: ValueID
  var targetOrder: [Int]
  var targetDims: [Dimension]
  var activation = Epilogue.Activation.none
  /// A value of the target's shape that is added.
  var residual: ValueID?
  /// Whether the residual is added before the activation.
  var residualFirst = false

  /// Whether `edge_epilogue` expresses activation and residual in this order.
  var fusesResidual: Bool {
    guard residual != nil else { return true }
    switch activation {
    case .none: return true
    case .clamp: return residualFirst
    case .leakyRelu: return !residualFirst
    }
  }

  /// Takes over what a fusion left on a node.
  ///
  /// Kernels clamp after they add, but multiply what is negative by a slope before: a Relu before
  /// an addition is a slope of 0.
  mutating func readEpilogue(_ node: Node) {
    let epilogue = Epilogue(node)
    activation = epilogue.activation
    residual = epilogue.residual.flatMap { node.input($0) }
    residualFirst = epilogue.residualFirst
    if residual != nil, !residualFirst, activation == .clamp(low: 0, high: .infinity) {
      activation = .leakyRelu(slope: 0)
    }
  }

  /// The parameter record but for the clamp of an int8 output.
  var parameters: ConvolutionParameters {
    var p = ConvolutionParameters()
    p.kernelHeight = Int32(bank.kernelHeight)
    p.kernelWidth = Int32(bank.kernelWidth)
    p.strideHeight = Int32(window.stride.height)
    p.strideWidth = Int32(window.stride.width)
    p.dilationHeight = Int32(window.dilation.height)
    p.dilationWidth = Int32(window.dilation.width)
    p.padTop = Int32(window.top)
    p.padLeft = Int32(window.left)
    p.padBottom = Int32(window.bottom)
    p.padRight = Int32(window.right)
    p.groups = Int32(bank.groups)
    return p
  }
}
