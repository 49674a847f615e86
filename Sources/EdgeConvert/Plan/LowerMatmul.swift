import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// Gemm.
  ///
  /// A constant B becomes a fully connected layer (alpha and beta folded in); else `matmul`, scaled
  /// and added to.
  static func gemm(_ node: Node, _ lowering: inout Lowering) throws {
    let a = try lowering.input(node, 0)
    let b = try lowering.input(node, 1)
    let transposedA = node.int("transA") == 1
    let transposedB = node.int("transB") == 1
    let alpha = node.float("alpha") ?? 1
    let beta = node.float("beta") ?? 1
    let target = try lowering.output(node)
    let addend = node.input(2)
    let shape = try lowering.shape(of: target)
    guard let weights = lowering.graph[b].constant, weights.shape.count == 2, shape.count == 2,
      let bias = lowering.rowBias(addend, columns: weights.shape[transposedB ? 0 : 1], beta)
    else {
      throw lowering.unsupported(
        node, "B or C is computed at run time, or C is not one row", remedy: "MatMul and Add")
    }
    let matrix = transposedB ? weights : weights.permuted([1, 0])
    let scaled = alpha == 1 ? matrix.floats : matrix.floats.map { $0 * alpha }
    let order = transposedA ? [1, 0] : [0, 1]
    let sizes = try lowering.shape(of: a)
    var layer = FilterLayer(
      bank: FilterBank(matrix: scaled, outChannels: matrix.shape[0], channels: matrix.shape[1]),
      bias: addend == nil ? nil : bias, source: a, sourceOrder: order,
      sourceDims: [Dimension(1), Dimension(1)] + order.map { sizes[$0] }, target: target,
      targetOrder: [0, 1], targetDims: [Dimension(1), Dimension(1)] + shape)
    layer.scales = lowering.weightScales?.map { $0 * abs(alpha) }
    layer.readEpilogue(node)
    try lowering.emit(layer, of: node)
  }

  /// A Gemm's C as one bias per column; nil when it is not constant or differs between rows.
  private func rowBias(_ value: ValueID?, columns: Int, _ beta: Float) -> [Float]? {
    guard let value else { return Array(repeating: 0, count: columns) }
    guard let tensor = graph[value].constant else { return nil }
    let values = tensor.floats.map { $0 * beta }
    if values.count == 1 { return Array(repeating: values[0], count: columns) }
    let isRow = tensor.shape.last == columns && values.count == columns
    return isRow ? values : nil
  }

  /// MatMul.
  ///
  /// A constant matrix on either side becomes a fully connected layer; else `matmul` in float, of
  /// codes when both sides are quantized.
  static func matmul(_ node: Node, _ lowering: inout Lowering) throws {
    let a = try lowering.input(node, 0)
    let b = try lowering.input(node, 1)
    if let weights = lowering.constantMatrix(b), try lowering.shape(of: a).count >= 2 {
      try lowering.fullyConnected(
        node, source: a, axis: lowering.shape(of: a).count - 1, rows: weights.permuted([1, 0]))
    } else if let weights = lowering.constantMatrix(a), try lowering.shape(of: b).count >= 2 {
      try lowering.fullyConnected(
        node, source: b, axis: lowering.shape(of: b).count - 2, rows: weights)
    } else if lowering.precision == .int8, let left = lowering.affine(of: a),
      let right = lowering.affine(of: b)
    {
      try lowering.codeMatmul(node, (a, left), (b, right))
    } else {
      let y = try lowering.result(lowering.output(node))
      try lowering.emitMatmul((a, nil), (b, nil), y.tensor)
      lowering.define(try lowering.output(node), as: y)
    }
  }

  /// The content of a constant that is one matrix, leading axes of size 1 dropped.
  private func constantMatrix(_ value: ValueID) -> Tensor? {
    guard var tensor = graph[value].constant, tensor.shape.count >= 2,
      tensor.shape.dropLast(2).allSatisfy({ $0 == 1 })
    else { return nil }
    tensor.shape = Array(tensor.shape.suffix(2))
    return tensor
  }

  /// Multiplies along one axis of the source, whichever way the source is stored: `rows` is
  /// `[M][K]`.
  private mutating func fullyConnected(
    _ node: Node, source: ValueID, axis: Int, rows: Tensor
  ) throws {
    let target = try output(node)
    let shape = try self.shape(of: source)
    let outputShape = try self.shape(of: target)
    guard outputShape.count == shape.count else {
      throw unsupported(
        node, "a constant of higher rank than the activation", remedy: "drop its axes of size 1")
    }
    let native = forms[source]?.first?.order ?? Array(shape.indices)
    let order = native.filter { $0 != axis } + [axis]
    let count = order.dropLast().reduce(Dimension(1)) { $0 * shape[$1] }
    var layer = FilterLayer(
      bank: FilterBank(matrix: rows.floats, outChannels: rows.shape[0], channels: rows.shape[1]),
      bias: nil, source: source, sourceOrder: order,
      sourceDims: [Dimension(1), Dimension(1), count, shape[axis]], target: target,
      targetOrder: order,
      targetDims: [Dimension(1), Dimension(1), count, outputShape[axis]])
    layer.scales = weightScales
    layer.readEpilogue(node)
    layer.bias = try biasInput(node)
    try emit(layer, of: node)
  }

  /// The product of quantized values: of their codes less zero point, whose float sums are exact
  /// below 2^24, then rescaled like that of an INT8 layer.
  private mutating func codeMatmul(
    _ node: Node, _ a: (ValueID, AffineParameters), _ b: (ValueID, AffineParameters)
  ) throws {
    let target = try output(node)
    let affine = quantization.values[target]
    let sum = try result(target)
    try emitMatmul(a, b, sum.tensor)
    let product = a.1.scale * b.1.scale
    let multiplier = constant(
      [affine.map { product / $0.scale } ?? product], type: .float32,
      dims: Array(repeating: 1, count: sum.order.count), name: node.name + "/multiplier")
    let real = arithmetic(EDGE_BINARY_MUL, sum.tensor, multiplier)
    guard let affine else { return define(target, as: Stored(real, order: sum.order)) }
    let y = try result(target, affine: affine)
    emit(.quantize, [real], [steps(y.tensor)])
    define(target, as: y)
  }

  /// The same codes with a scale of 1.
  private mutating func steps(_ tensor: PlanTensorID) -> PlanTensorID {
    var codes = self[tensor]
    codes.alias = codes.alias ?? tensor
    codes.affine?.scale = 1
    return add(codes)
  }

  /// Appends a float product of values, or of the codes of those with parameters.
  private mutating func emitMatmul(
    _ a: (ValueID, AffineParameters?), _ b: (ValueID, AffineParameters?), _ y: PlanTensorID
  ) throws {
    let rank = try max(shape(of: a.0).count, shape(of: b.0).count)
    var parameters = MatmulParameters()
    let (left, leftSwapped) = try matrixOperand(a.0, a.1, rank: rank)
    let (right, rightSwapped) = try matrixOperand(b.0, b.1, rank: rank)
    parameters.transposeA = leftSwapped ? 1 : 0
    parameters.transposeB = rightSwapped ? 1 : 0
    emit(.matmul, [left, right], [y], parameters)
  }

  /// A float operand with its last two axes as they are or swapped, whichever needs no transpose, or
  /// leaves the innermost axis where it is.
  private mutating func matrixOperand(
    _ value: ValueID, _ affine: AffineParameters?, rank: Int
  ) throws -> (PlanTensorID, Bool) {
    let shape = try self.shape(of: value)
    let natural = Array(shape.indices)
    var order = natural
    let stored = forms[value]?.first?.order ?? natural
    let innermost = AxisOrder.significant(stored, shape).last
    var swapped = natural
    swapped.swapAt(shape.count - 1, shape.count - 2)
    let isSwapped =
      !AxisOrder.equivalent(stored, natural, shape)
      && (AxisOrder.equivalent(stored, swapped, shape) || innermost == shape.count - 2)
    if isSwapped { order = swapped }
    var operand = try self.operand(value, affine.map { .int8($0) } ?? .float, order: order)
    if affine != nil {
      let codes = steps(operand.tensor)
      operand.tensor = add(
        PlanTensor(
          name: graph[value].name + "/codes", type: .float32, dims: self[codes].dims,
          storage: .arena))
      emit(.dequantize, [codes], [operand.tensor])
    }
    let ones = [Dimension](repeating: Dimension(1), count: rank - shape.count)
    return (view(operand.tensor, dims: ones + order.map { shape[$0] }), isSwapped)
  }
}
