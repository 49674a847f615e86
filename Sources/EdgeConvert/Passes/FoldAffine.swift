extension Passes {
  /// BatchNormalization and per-channel Mul, Add, Sub, Div by constants go into the weights of the
  /// Conv, ConvTranspose, Gemm or MatMul before them, or of the Conv behind them (a shift only
  /// where nothing is padded).
  ///
  /// Shared weights are cloned.
  static let foldAffine: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) {
      guard let (source, affine) = affineFunction(sweep[position], sweep.graph) else { continue }
      if try foldBackward(position, source, affine, &sweep) { continue }
      try foldForward(position, source, affine, &sweep)
    }
    return sweep.finish()
  }

  /// What a node computes per channel of `axis`: the operand, and scale and shift (one each when
  /// they are the same for all channels).
  private static func affineFunction(_ node: Node, _ graph: Graph) -> (ValueID, AxisAffine)? {
    if node.op == "BatchNormalization", let source = node.input(0), node.output(1) == nil {
      let operands = node.inputs.map { $0.flatMap { graph[$0].constant } }
      guard let affine = try? ChannelAffine(batchNormalization: node, operands) else { return nil }
      return (source, AxisAffine(axis: 1, scale: affine.scale, shift: affine.shift))
    }
    guard let a = node.input(0), let b = node.input(1), node.inputs.count == 2,
      ["Add", "Sub", "Mul", "Div"].contains(node.op), let output = node.output(0),
      let shape = graph[output].shape
    else { return nil }
    let constantFirst = graph[a].constant != nil
    guard let constant = graph[a].constant ?? graph[b].constant, constant.type.isFloat,
      graph[constantFirst ? b : a].shape == shape,
      let (axis, values) = alongOneAxis(constant, rank: shape.count)
    else { return nil }
    let ones = [Float](repeating: 1, count: values.count)
    let zeros = [Float](repeating: 0, count: values.count)
    let affine: AxisAffine
    switch (node.op, constantFirst) {
    case ("Add", _): affine = AxisAffine(axis: axis, scale: ones, shift: values)
    case ("Sub", false): affine = AxisAffine(axis: axis, scale: ones, shift: values.map { -$0 })
    case ("Sub", true): affine = AxisAffine(axis: axis, scale: ones.map { -$0 }, shift: values)
    case ("Mul", _): affine = AxisAffine(axis: axis, scale: values, shift: zeros)
    case ("Div", false) where !values.contains(0):
      affine = AxisAffine(axis: axis, scale: values.map { 1 / $0 }, shift: zeros)
    default: return nil
    }
    return (constantFirst ? b : a, affine)
  }

  /// A constant that varies along one axis at most of a value of `rank` axes; no axis when it does
  /// not vary.
  private static func alongOneAxis(_ constant: Tensor, rank: Int) -> (axis: Int?, values: [Float])?
  {
    let lead = rank - constant.shape.count
    guard lead >= 0 else { return nil }
    let varying = constant.shape.indices.filter { constant.shape[$0] != 1 }
    if varying.isEmpty { return (nil, constant.floats) }
    return varying.count == 1 ? (varying[0] + lead, constant.floats) : nil
  }

  private static func foldBackward(
    _ position: Int, _ source: ValueID, _ affine: AxisAffine, _ sweep: inout Rewriter
  ) throws -> Bool {
    guard let maker = sweep.privateProducer(of: source, for: position),
      let output = sweep[position].output(0),
      let layer = LinearLayer(sweep[maker], sweep.graph),
      affine.applies(toAxis: layer.channelAxis, layer.channelCount)
    else { return false }
    var node = sweep[maker]
    let scale = affine.scale(layer.channelCount)
    let shift = affine.shift(layer.channelCount)
    let weights = layer.scaled(outputs: scale)
    let bias = zip(zip(layer.bias, scale), shift).map { $0.0 * $0.1 + $1 }
    node.inputs[1] = sweep.constant("\(sweep.graph[layer.weightsID].name)/folded", weights)
    while node.inputs.count < 3 { node.inputs.append(nil) }
    node.inputs[2] = sweep.constant("\(node.name)/bias", Tensor(bias, shape: [bias.count]))
    layer.forgetScaling(&node)
    node.outputs = [output]
    node.absorb(sweep[position])
    sweep.replace(maker, by: node)
    sweep.remove(position)
    return true
  }

  /// Conv(x * scale + shift) with the function in the weights of its input channels.
  private static func foldForward(
    _ position: Int, _ source: ValueID, _ affine: AxisAffine, _ sweep: inout Rewriter
  ) throws {
    guard let reader = sweep.soleReader(of: sweep[position].output(0)), sweep[reader].op == "Conv",
      sweep[reader].input(0) == sweep[position].output(0),
      let layer = LinearLayer(sweep[reader], sweep.graph),
      affine.applies(toAxis: 1, layer.inputCount)
    else { return }
    let shift = affine.shift(layer.inputCount)
    let isPadded =
      (sweep[reader].ints("pads") ?? []).contains { $0 != 0 }
      || sweep[reader].string("auto_pad") != nil
    guard !isPadded || shift.allSatisfy({ $0 == 0 }) else { return }
    var node = sweep[reader]
    let bias = zip(layer.bias, layer.response(to: shift)).map { $0 + $1 }
    node.inputs[0] = source
    node.inputs[1] = sweep.constant(
      "\(sweep.graph[layer.weightsID].name)/folded",
      layer.scaled(inputs: affine.scale(layer.inputCount)))
    while node.inputs.count < 3 { node.inputs.append(nil) }
    node.inputs[2] = sweep.constant("\(node.name)/bias", Tensor(bias, shape: [bias.count]))
    node.absorb(sweep[position])
    sweep.replace(reader, by: node)
    sweep.remove(position)
  }
}

/// y = x * scale + shift along an axis; one scale and shift for everything when there is no axis.
private struct AxisAffine {
  var axis: Int?
  var scale: [Float]
  var shift: [Float]

  func applies(toAxis other: Int, _ count: Int) -> Bool {
    axis == nil || (axis == other && scale.count == count)
  }
  func scale(_ count: Int) -> [Float] {
    scale.count == 1 ? Array(repeating: scale[0], count: count) : scale
  }
  func shift(_ count: Int) -> [Float] {
    shift.count == 1 ? Array(repeating: shift[0], count: count) : shift
  }
}
