import EdgeFormat

extension Lowering {
  /// MaxPool over one or two spatial axes.
  static func maxPool(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let order = AxisOrder.channelsLast(try lowering.shape(of: source).count)
    let x = try lowering.operand(source, lowering.moved(source), order: order)
    let y = try lowering.result(like: x.tensor, lowering.output(node), order: order)
    try lowering.emitPool(.maxPool, node, source, x, y)
  }

  /// AveragePool over one or two spatial axes.
  static func averagePool(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let order = AxisOrder.channelsLast(try lowering.shape(of: source).count)
    if lowering.precision == .int8, let affine = lowering.affine(of: source),
      let output = lowering.quantization.values[target]
    {
      let x = try lowering.operand(source, .int8(affine), order: order)
      let y = try lowering.result(target, affine: output, order: order)
      try lowering.emitPool(.averagePool, node, source, x, y)
    } else {
      let x = try lowering.operand(source, .float, order: order)
      let y = try lowering.result(target, order: order)
      try lowering.emitPool(.averagePool, node, source, x, y)
    }
  }

  private mutating func emitPool(
    _ opCode: OpCode, _ node: Node, _ source: ValueID, _ x: Stored, _ y: Stored
  ) throws {
    let target = try output(node)
    let shape = try self.shape(of: source)
    let outputShape = try self.shape(of: target)
    guard let kernel = node.ints("kernel_shape"), shape.count == kernel.count + 2,
      (1...2).contains(kernel.count)
    else {
      throw unsupported(node, "an input of rank \(shape.count)", remedy: "one or two spatial axes")
    }
    let window = try KernelWindow(
      node, kernel: kernel, input: Array(shape[2...]), output: Array(outputShape[2...]))
    var p = PoolParameters()
    p.kernelHeight = Int32(window.kernel.height)
    p.kernelWidth = Int32(window.kernel.width)
    p.strideHeight = Int32(window.stride.height)
    p.strideWidth = Int32(window.stride.width)
    p.dilationHeight = Int32(window.dilation.height)
    p.dilationWidth = Int32(window.dilation.width)
    p.padTop = Int32(window.top)
    p.padLeft = Int32(window.left)
    p.padBottom = Int32(window.bottom)
    p.padRight = Int32(window.right)
    p.countIncludePad = Int32(node.int("count_include_pad", 0))
    emit(
      opCode, [view(x.tensor, dims: Self.imageDims(shape))],
      [view(y.tensor, dims: Self.imageDims(outputShape))], p)
    define(target, as: y)
  }
}
