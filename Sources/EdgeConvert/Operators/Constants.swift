import EdgeFormat

/// Operators that fold away at conversion: constants and shape arithmetic.
extension Operator {
  static let constants: [Operator] = [
    constant, constantOfShape, range, shape, size,
  ]

  private static let constant = Operator(
    "Constant", opsets: 1...latestOpset,
    check: { node, _ in
      constantContent(node) == nil
        ? [node.obstacle("holds text or a sparse tensor", remedy: "use a dense numeric constant")]
        : []
    },
    infer: { node, _ in
      guard let content = constantContent(node) else {
        throw node.invalid("holds no dense numeric constant")
      }
      return [ValueType(type: content.type, shape: content.shape.map { Dimension($0) })]
    },
    evaluate: { node, _ in
      guard let content = constantContent(node) else {
        throw node.invalid("holds no dense numeric constant")
      }
      return [content]
    }, quantize: .passThrough, lower: nil)

  private static func constantContent(_ node: Node) -> Tensor? {
    if let tensor = node.tensor("value") { return tensor }
    if let value = node.float("value_float") { return Tensor([value], shape: []) }
    if let value = node.int("value_int") { return Tensor([Int64(value)], shape: []) }
    if let values = node.floats("value_floats") { return Tensor(values, shape: [values.count]) }
    if let values = node.ints("value_ints") {
      return Tensor(values.map { Int64($0) }, shape: [values.count])
    }
    return nil
  }

  private static let constantOfShape = Operator(
    "ConstantOfShape", opsets: 9...latestOpset,
    infer: { node, graph in
      let shape =
        try graph.content(node, 0) ?? graph.integers(node, 0, "the shape").map { Dimension($0) }
      return [ValueType(type: node.tensor("value")?.type ?? .float32, shape: shape)]
    },
    symbolic: { node, graph in
      guard let shape = graph.content(node, 0), shape.count <= 1,
        let count = shape.isEmpty ? 1 : shape[0].constant,
        count <= 64, let value = node.tensor("value"), !value.type.isFloat,
        let fill = value.ints.first
      else { return nil }
      return Array(repeating: Dimension(fill), count: count)
    },
    evaluate: { node, inputs in
      let value = node.tensor("value") ?? Tensor([Float(0)], shape: [1])
      let shape = try checkedShape(try need(node, inputs, 0).ints, node)
      return [value.reshaped([]).broadcast(to: shape)]
    }, lower: Lowering.expand)

  /// A shape that a model gives, refused when it is negative or too large to hold.
  static func checkedShape(_ shape: [Int], _ node: Node) throws -> [Int] {
    var count = 1
    for size in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard size >= 0, !overflow, product < 1 << 32 else {
        throw node.invalid("cannot make a tensor of \(shape)")
      }
      count = product
    }
    return shape
  }

  private static let range = Operator(
    "Range", opsets: 11...latestOpset,
    infer: { node, graph in
      let type = try graph.type(node, 0)
      if type.isFloat {
        guard let start = graph.constant(node, 0)?.scalar,
          let limit = graph.constant(node, 1)?.scalar,
          let step = graph.constant(node, 2)?.scalar, step != 0, ((limit - start) / step).isFinite
        else {
          throw ConversionError.obstacles([
            node.obstacle(
              "its bounds depend on run-time data", remedy: "make start, limit and delta constant")
          ])
        }
        let count = Int64(clamping: Double(((limit - start) / step).rounded(.up)))
        return [ValueType(type: type, shape: [Dimension(max(0, Int(count)))])]
      }
      guard let start = graph.content(node, 0)?.first, let limit = graph.content(node, 1)?.first,
        let step = graph.content(node, 2)?.first?.constant, step != 0, step > Int.min
      else {
        throw ConversionError.obstacles([
          node.obstacle(
            "its bounds depend on run-time data", remedy: "make them functions of input sizes")
        ])
      }
      let span = step > 0 ? limit - start : start - limit
      let count = (span + Dimension(abs(step) - 1)) / Dimension(abs(step))
      return [ValueType(type: type, shape: [count.constant.map { Dimension(max($0, 0)) } ?? count])]
    },
    evaluate: { node, inputs in
      let bounds = try (0..<3).map { try need(node, inputs, $0) }
      if bounds[0].type.isFloat {
        let (start, limit, step) = (
          bounds[0].scalar ?? 0, bounds[1].scalar ?? 0, bounds[2].scalar ?? 1
        )
        let count = ((limit - start) / step).rounded(.up)
        guard count.isFinite, count < 1e9 else { throw node.invalid("never ends") }
        let values = (0..<max(0, Int(count))).map { start + Float($0) * step }
        return [Tensor(values, shape: [values.count], type: bounds[0].type)]
      }
      let (start, limit, step) = (
        bounds[0].ints.first ?? 0, bounds[1].ints.first ?? 0, bounds[2].ints.first ?? 1
      )
      guard step != 0, [start, limit, step].allSatisfy({ abs(Double($0)) < 1e18 }),
        (limit - start) / step < 1 << 30
      else {
        throw node.invalid("never ends")
      }
      let values = stride(from: start, to: limit, by: step).map { Int64($0) }
      return [Tensor(values, shape: [values.count], type: bounds[0].type)]
    }, lower: Lowering.range)

  private static let shape = Operator(
    "Shape", opsets: 1...latestOpset,
    infer: { node, graph in
      [
        ValueType(
          type: .int64,
          shape: [Dimension(shapeRange(node, rank: try graph.shape(node, 0).count).count)])
      ]
    },
    symbolic: { node, graph in
      graph.operand(node, 0)?.shape.map { Array($0[shapeRange(node, rank: $0.count)]) }
    },
    evaluate: { node, inputs in
      let shape = try need(node, inputs, 0).shape
      let part = shape[shapeRange(node, rank: shape.count)].map { Int64($0) }
      return [Tensor(part, shape: [part.count])]
    }, lower: nil)

  private static func shapeRange(_ node: Node, rank: Int) -> Range<Int> {
    func place(_ stated: Int) -> Int { min(max(stated < 0 ? stated + rank : stated, 0), rank) }
    let start = place(node.int("start", 0))
    return start..<max(start, place(node.int("end", rank)))
  }

  private static let size = Operator(
    "Size", opsets: 1...latestOpset,
    infer: { _, _ in [ValueType(type: .int64, shape: [])] },
    symbolic: { node, graph in graph.operand(node, 0)?.shape.map { [$0.reduce(Dimension(1), *)] } },
    evaluate: { node, inputs in [Tensor([Int64(try need(node, inputs, 0).count)], shape: [])] },
    lower: nil)
}
