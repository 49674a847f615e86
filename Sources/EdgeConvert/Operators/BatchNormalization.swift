import EdgeFormat

extension Operator {
  /// y = (x - mean) / sqrt(var + epsilon) * scale + B per channel (axis 1).
  ///
  /// Constant statistics fold into a neighbour or become a depthwise convolution; those of the batch
  /// itself (training mode) and those computed at run time are spelled out.
  /// <https://onnx.ai/onnx/operators/onnx__BatchNormalization.html>
  static let batchNormalization = Operator(
    "BatchNormalization", opsets: 7...latestOpset,
    check: { node, _ in
      let wantsMore = node.outputs.dropFirst().contains { $0 != nil }
      guard node.opset < 14, wantsMore else { return [] }
      return [
        node.obstacle(
          "computes statistics of the batch in the form before opset 14",
          remedy: "export the model in inference mode, or with opset 14 or newer")
      ]
    },
    infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let affine = try ChannelAffine(batchNormalization: node, inputs)
      let shape = x.shape.count < 2 ? [1, x.count] : x.shape
      return [affine.applied(to: x.reshaped(shape)).reshaped(x.shape)]
    },
    body: { node, body in
      let trains = node.int("training_mode", 0) != 0
      let parameters = try (1...4).map { try body.required($0) }
      if !trains, parameters.allSatisfy({ body.tensor($0) != nil }) { return nil }
      let x = try body.required(0)
      let rank = try body.shape(x).count
      let type = try body.type(x)
      let epsilon = node.float("epsilon", 1e-5)
      let scale = try body.perChannel(parameters[0], rank: rank)
      let shift = try body.perChannel(parameters[1], rank: rank)
      guard trains else {
        let centred = try body.apply("Sub", [x, body.perChannel(parameters[2], rank: rank)])
        let variance = try body.perChannel(parameters[3], rank: rank)
        let padded = try body.apply("Add", [variance, body.constant(epsilon, body.type(variance))])
        let normal = try body.apply("Div", [centred, body.apply("Sqrt", [padded])])
        return [try body.affine(normal, scale, shift)]
      }
      let moments = try body.moments(of: x, over: Array(0..<rank).filter { $0 != 1 }, epsilon)
      let y = try body.affine(moments.normal, scale, shift)
      let momentum = node.float("momentum", 0.9)
      return [y]
        + (try [moments.mean, moments.variance].enumerated().map { index, statistic in
          let old = parameters[2 + index]
          let new = try body.reshape(statistic, like: old)
          return try body.apply(
            "Add",
            [
              body.apply("Mul", [old, body.constant(momentum, body.type(old))]),
              body.apply("Mul", [new, body.constant(1 - momentum, type)]),
            ])
        })
    }, lower: nil)
}

/// y = x * scale + shift per channel (axis 1).
struct ChannelAffine {
  var scale: [Float]
  var shift: [Float]

  /// What a BatchNormalization with these operands computes.
  /// - Throws: `ConversionError.invalid` when the operands differ in length.
  init(batchNormalization node: Node, _ inputs: [Tensor?]) throws {
    let parts = try (1...4).map { try need(node, inputs, $0).floats.map(Double.init) }
    guard parts.allSatisfy({ $0.count == parts[0].count }) else {
      throw node.invalid("statistics differ in length")
    }
    let epsilon = Double(node.float("epsilon", 1e-5))
    let factors = parts[0].indices.map { parts[0][$0] / (parts[3][$0] + epsilon).squareRoot() }
    scale = factors.map { Float($0) }
    shift = factors.indices.map { Float(parts[1][$0] - parts[2][$0] * factors[$0]) }
  }

  func applied(to x: Tensor) -> Tensor {
    let inner = x.shape.dropFirst(2).reduce(1, *)
    var values = x.floats
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: max(inner, 1)) {
        let channel = start / max(inner, 1) % scale.count
        let (factor, offset) = (scale[channel], shift[channel])
        for i in start..<min(start + inner, values.count) {
          values[i] = values[i] * factor + offset
        }
      }
    }
    return Tensor(values, shape: x.shape, type: x.type)
  }
}
