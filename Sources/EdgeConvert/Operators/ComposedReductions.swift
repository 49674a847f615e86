import EdgeFormat

/// Reductions that are a simpler one with functions of one element before and after it.
extension Operator {
  static let composedReductions: [Operator] = [
    // <https://onnx.ai/onnx/operators/onnx__ReduceL1.html>
    .composite("ReduceL1", opsets: 1...latestOpset) { node, body in
      [try body.reduction("ReduceSum", of: body.apply("Abs", [body.required(0)]))]
    },
    .composite("ReduceL2", opsets: 1...latestOpset) { node, body in
      try body.inFloat { try $0.apply("Sqrt", [$0.reduction("ReduceSumSquare", of: $1)]) }
    },
    .composite("ReduceLogSum", opsets: 1...latestOpset) { node, body in
      try body.inFloat { try $0.apply("Log", [$0.reduction("ReduceSum", of: $1)]) }
    },
    // log(sum(exp(x - m))) + m with the largest element m, cut to a finite number so that infinite
    // elements give what the definition gives.
    .composite("ReduceLogSumExp", opsets: 1...latestOpset) { node, body in
      try body.inFloat { body, x in
        let type = try body.type(x)
        let form = try body.reduceForm(of: x)
        let axes = body.constant(ints: form.axes)
        let limit = Float.greatestFiniteMagnitude
        let noop: [String: Attribute] = ["noop_with_empty_axes": .int(1)]
        let peak = try body.apply(
          "Clip",
          [
            body.apply("ReduceMax", [x, axes], noop), body.constant(-limit, type),
            body.constant(limit, type),
          ])
        let powers = try body.apply("Exp", [body.apply("Sub", [x, peak])])
        let sum = try body.apply("ReduceSum", [powers, axes], noop)
        let y = try body.apply("Add", [body.apply("Log", [sum]), peak])
        return form.keepsAxes || form.axes.isEmpty ? y : try body.apply("Squeeze", [y, axes])
      }
    },
  ]
}

extension Expansion {
  /// The axes of the composite, a reduction.
  fileprivate func reduceForm(of x: ValueID) throws -> ReduceForm {
    try ReduceForm(node, graph)
  }

  /// A simpler reduction of a value over the axes of the composite.
  fileprivate mutating func reduction(_ op: String, of x: ValueID) throws -> ValueID {
    let form = try reduceForm(of: x)
    return try apply(
      op, [x, constant(ints: form.axes)],
      ["keepdims": .int(form.keepsAxes ? 1 : 0), "noop_with_empty_axes": .int(1)])
  }

  /// Applies a body to the first operand, cast to float and back when it holds integers.
  fileprivate mutating func inFloat(
    _ body: (inout Expansion, ValueID) throws -> ValueID
  ) throws -> [ValueID?] {
    let x = try required(0)
    let type = try type(x)
    if type.isFloat { return [try body(&self, x)] }
    return [try cast(body(&self, float(x)), type)]
  }
}
