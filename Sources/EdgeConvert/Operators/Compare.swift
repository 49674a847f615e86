import EdgeFormat

/// Comparisons, logic and selection; results of comparisons are bool, held as 0 and 1.
extension Operator {
  static let compare: [Operator] = [
    comparison("Equal", { $0 == $1 }, { $0 == $1 }),
    comparison("Greater", { $0 > $1 }, { $0 > $1 }),
    comparison("Less", { $0 < $1 }, { $0 < $1 }),
    comparison("GreaterOrEqual", { $0 >= $1 }, { $0 >= $1 }),
    comparison("LessOrEqual", { $0 <= $1 }, { $0 <= $1 }),
    comparison("And", { _, _ in false }, { $0 != 0 && $1 != 0 }, lower: Lowering.binary),
    comparison("Or", { _, _ in false }, { $0 != 0 || $1 != 0 }, lower: Lowering.binary),
    comparison("Xor", { _, _ in false }, { ($0 != 0) != ($1 != 0) }, lower: Lowering.binary),
    not, isNaN, isInf, select,
  ]

  private static func comparison(
    _ name: String, _ floats: @escaping @Sendable (Float, Float) -> Bool,
    _ integers: @escaping @Sendable (Int64, Int64) -> Bool,
    lower: @escaping LoweringRule = Lowering.compare
  ) -> Operator {
    Operator(
      name, opsets: 7...latestOpset,
      infer: { node, graph in
        [ValueType(type: .bool, shape: try inferBroadcast(node, graph)[0].shape)]
      },
      evaluate: { node, inputs in
        let result = try combine(
          node, need(node, inputs, 0).retypedForComparison,
          need(node, inputs, 1).retypedForComparison,
          { floats($0, $1) ? 1 : 0 }, { integers($0, $1) ? 1 : 0 })
        return [Tensor(result.integers, shape: result.shape, type: .bool)]
      }, lower: lower)
  }

  /// The other of true and false. <https://onnx.ai/onnx/operators/onnx__Not.html>
  private static let not = Operator.composite("Not", opsets: 1...latestOpset) { _, body in
    [try body.apply("Xor", [body.required(0), body.constant(1, .bool)])]
  }

  /// What does not equal itself. <https://onnx.ai/onnx/operators/onnx__IsNaN.html>
  private static let isNaN = Operator(
    "IsNaN", opsets: 9...latestOpset,
    infer: { node, graph in [ValueType(type: .bool, shape: try graph.shape(node, 0))] },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let values = mapElements(x.floats) { $0.isNaN ? Int64(1) : 0 }
      return [Tensor(values, shape: x.shape, type: .bool)]
    }, lower: Lowering.compare)

  /// Infinity of either sign, or of one. <https://onnx.ai/onnx/operators/onnx__IsInf.html>
  private static let isInf = Operator.composite("IsInf", opsets: 10...latestOpset) { node, body in
    let x = try body.required(0)
    let type = try body.type(x)
    let positive = node.int("detect_positive", 1) != 0
    let negative = node.int("detect_negative", 1) != 0
    // Nothing is less than itself.
    guard positive || negative else { return [try body.apply("Less", [x, x])] }
    let infinity = body.constant(positive ? .infinity : -.infinity, type)
    let size = positive && negative ? try body.apply("Abs", [x]) : x
    return [try body.apply("Equal", [size, infinity])]
  }

  /// condition ? x : y, all broadcasting. <https://onnx.ai/onnx/operators/onnx__Where.html>
  private static let select = Operator(
    "Where", opsets: 9...latestOpset,
    infer: { node, graph in
      [ValueType(type: try graph.type(node, 1), shape: try inferBroadcast(node, graph)[0].shape)]
    },
    symbolic: { node, graph in
      guard let condition = graph.content(node, 0)?.compactMap(\.constant),
        let x = graph.content(node, 1), let y = graph.content(node, 2), x.count == y.count,
        condition.count == x.count
      else { return nil }
      return condition.indices.map { condition[$0] != 0 ? x[$0] : y[$0] }
    },
    evaluate: { node, inputs in
      let operands = try (0..<3).map { try need(node, inputs, $0) }
      let shape = try broadcastShape(operands.map(\.shape), node)
      let wide = operands.map { $0.broadcast(to: shape) }
      let condition = wide[0].integers
      switch (wide[1].elements, wide[2].elements) {
      case (.float(let x), .float(let y)):
        return [
          Tensor(
            condition.indices.map { condition[$0] != 0 ? x[$0] : y[$0] }, shape: shape,
            type: wide[1].type)
        ]
      case (.integer(let x), .integer(let y)):
        return [
          Tensor(
            condition.indices.map { condition[$0] != 0 ? x[$0] : y[$0] }, shape: shape,
            type: wide[1].type)
        ]
      default:
        throw node.invalid("mixes \(wide[1].type) and \(wide[2].type) operands")
      }
    }, lower: Lowering.select)
}

extension Tensor {
  fileprivate var retypedForComparison: Tensor { type.isFloat ? self : retyped(.int64) }
}
