import EdgeFormat

extension Lowering {
  /// "edge.LSTM", "edge.GRU", "edge.RNN": the steps of a recurrence, with INT8 or float weights.
  static func recurrence(_ node: Node, _ lowering: inout Lowering) throws {
    guard let r = try lowering.constantInput(node, 1) else { throw node.invalid("has no weights") }
    let form = try RecurrentForm(node, recurrence: r)
    let stepsFirst = form.isBatchFirst ? [1, 0, 2] : [0, 1, 2]
    let source = try lowering.input(node, 0)
    let x = try lowering.operand(source, .float, order: stepsFirst)
    let shape = try lowering.shape(of: source)
    let (steps, sequences) = (shape[stepsFirst[0]], shape[stepsFirst[1]])
    let (directions, hidden) = (Dimension(form.directions), Dimension(form.hidden))
    let rows = form.gates * form.hidden
    let gates = lowering.view(
      x.tensor, dims: [steps, sequences, directions, Dimension(rows)])
    let (weights, scale) = lowering.recurrentWeights(node, form, r)
    let bias = try lowering.constantInput(node, 2)?.floats
    let biases = lowering.constant(
      form.packed(bias ?? Array(repeating: 0, count: form.directions * rows), columns: 1),
      type: .float32, name: node.name + "/bias")
    let lengths = try node.input(3).map { try lowering.operand($0, .type(.int32)).tensor }
    let states = try (4...5).map { index in
      try node.input(index).map { try lowering.operand($0, .float, order: stepsFirst).tensor }
    }
    let peepholes = try node.input(6).map { try lowering.operand($0, .float).tensor }
    let y = try lowering.recurrentResult(
      node, 0, [steps, sequences, directions, hidden],
      order: form.isBatchFirst ? [1, 0, 2, 3] : [0, 2, 1, 3])
    let last = try (1...(form.isLSTM ? 2 : 1)).map {
      try lowering.recurrentResult(node, $0, [directions, sequences, hidden], order: stepsFirst)
    }
    lowering.emit(
      form.isLSTM ? .lstm : form.isGRU ? .gru : .rnn,
      [gates, weights, biases, lengths] + states + [peepholes] + (scale == nil ? [] : [scale]),
      [y] + last,
      form.parameters)
  }

  /// The recurrent weights, and the scales of their rows when they are INT8.
  private mutating func recurrentWeights(
    _ node: Node, _ form: RecurrentForm, _ r: Tensor
  ) -> (weights: PlanTensorID, scale: PlanTensorID?) {
    let name = node.name + "/recurrence"
    let values = r.floats
    guard precision == .int8 else {
      let packed = form.packed(values, columns: form.hidden)
      return (constant(packed, type: .float32, name: name), nil)
    }
    let rows = form.directions * form.gates * form.hidden
    let scales = FilterBank(matrix: values, outChannels: rows, channels: form.hidden).scales(
      given: weightScales, bias: nil, inputScale: 1)
    let weights = constant(form.packed(values, scales: scales), type: .int8, name: name)
    let scale = constant(
      form.packed(scales, columns: 1), type: .float32, name: node.name + "/scale")
    return (weights, scale)
  }

  /// The tensor of an output, which nobody may read.
  private mutating func recurrentResult(
    _ node: Node, _ index: Int, _ dims: [Dimension], order: [Int]
  ) throws -> PlanTensorID {
    guard let value = node.output(index) else {
      return add(
        PlanTensor(
          name: "\(node.name)/unused\(index)", type: .float32, dims: dims, affine: nil,
          storage: .arena))
    }
    let stored = try result(value, order: order)
    try deliver(value, stored)
    return stored.tensor
  }
}

extension RecurrentForm {
  /// A value for each row and column of the gates `[D, G*H, columns]` as the kernels read them:
  /// `[D][G*H/16][columns][16]`, each gate's rows padded to 16.
  fileprivate func packed(_ values: [Float], columns: Int) -> [Float] {
    let elements = hidden * columns
    return (0..<(directions * gates)).flatMap { gate in
      FilterBank(
        matrix: Array(values[(gate * elements)..<((gate + 1) * elements)]), outChannels: hidden,
        channels: columns
      ).packedFloat()
    }
  }

  /// Int8 codes of recurrent weights `[D, G*H, H]` as the kernels read them: `[D][G*H/16][H/4][16][4]`,
  /// each gate's rows padded to 16.
  fileprivate func packed(_ values: [Float], scales: [Float]) -> [Int8] {
    let elements = hidden * hidden
    return (0..<(directions * gates)).flatMap { gate in
      let bank = FilterBank(
        matrix: Array(values[(gate * elements)..<((gate + 1) * elements)]), outChannels: hidden,
        channels: hidden)
      let codes = bank.quantized(Array(scales[(gate * hidden)..<((gate + 1) * hidden)]))
      return bank.packed(codes, dilationWidth: 1)
    }
  }

  fileprivate var parameters: RecurrentParameters {
    let functions = activations.map { $0.parameters ?? UnaryParameters() }
    var parameters = RecurrentParameters(activation: functions[0])
    withUnsafeMutableBytes(of: &parameters.activations) { bytes in
      for (place, function) in functions.enumerated() {
        bytes.storeBytes(
          of: function, toByteOffset: place * MemoryLayout<UnaryParameters>.stride,
          as: UnaryParameters.self)
      }
    }
    parameters.reversed = isReversed.enumerated().reduce(0) {
      $0 | ($1.element ? 1 << $1.offset : 0)
    }
    parameters.linearBeforeReset = linearBeforeReset ? 1 : 0
    parameters.inputForget = inputForget ? 1 : 0
    parameters.clip = clip
    return parameters
  }
}
