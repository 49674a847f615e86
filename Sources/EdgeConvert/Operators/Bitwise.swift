import EdgeFormat

/// Operators on the bits of integers.
extension Operator {
  static let bitwise: [Operator] = [
    integers("BitwiseAnd", opsets: 18...latestOpset) { _, _ in { $0 & $1 } },
    integers("BitwiseOr", opsets: 18...latestOpset) { _, _ in { $0 | $1 } },
    integers("BitwiseXor", opsets: 18...latestOpset) { _, _ in { $0 ^ $1 } },
    // Every bit is shifted out by fewer than 0 or by all of them; a negative number then leaves -1.
    integers("BitShift", opsets: 11...latestOpset) { node, type in
      let width = Int64(8 * type.byteCount)
      let isLeft = node.string("direction") == "LEFT"
      return { value, distance in
        let isInside = distance >= 0 && distance < width
        if isLeft { return isInside ? value << distance : 0 }
        return value >> (isInside ? distance : 63)
      }
    },
    // -1 - x flips every bit. <https://onnx.ai/onnx/operators/onnx__BitwiseNot.html>
    .composite("BitwiseNot", opsets: 18...latestOpset) { node, body in
      let x = try body.required(0)
      let ones = body.constant(-1, try body.type(x))
      return [try body.apply("Sub", [ones, x])]
    },
    bitCast,
  ]

  /// A function of two broadcast integers.
  private static func integers(
    _ name: String, opsets: ClosedRange<Int>,
    _ make: @escaping @Sendable (Node, ElementType) -> (Int64, Int64) -> Int64
  ) -> Operator {
    Operator(
      name, opsets: opsets, infer: inferBroadcast,
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        return [
          try combine(node, x, need(node, inputs, 1), { a, _ in a }, make(node, x.type))
        ]
      }, lower: Lowering.binary)
  }

  /// The same bytes taken for elements of another type of equal size.
  /// <https://onnx.ai/onnx/operators/onnx__BitCast.html>
  private static let bitCast = Operator(
    "BitCast", opsets: 26...latestOpset,
    check: { node, graph in
      guard let type = bitCastType(node) else {
        return [
          node.obstacle(
            "takes bits for \(onnxTypeName(Int32(truncatingIfNeeded: node.int("to", 0))))",
            remedy: "use float32, float16, int8, uint8, int16, int32, int64 or bool")
        ]
      }
      guard let from = graph.operand(node, 0)?.type, from.byteCount != type.byteCount else {
        return []
      }
      return [
        node.obstacle("takes \(from) bits for \(type)", remedy: "use types of equal size")
      ]
    },
    infer: { node, graph in
      guard let type = bitCastType(node) else { throw node.invalid("has no known element type") }
      return [ValueType(type: type, shape: try graph.shape(node, 0))]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      guard let type = bitCastType(node) else { throw node.invalid("has no known element type") }
      return [try x.bitCast(to: type, node)]
    }, lower: Lowering.bitCast)

  /// The type that bits are taken for; nil for those that are not held as themselves.
  private static func bitCastType(_ node: Node) -> ElementType? {
    let code = Int32(truncatingIfNeeded: node.int("to", 0))
    return [1, 2, 3, 5, 6, 7, 9, 10].contains(code) ? ElementType(onnx: code) : nil
  }
}

extension Tensor {
  fileprivate func bitCast(to type: ElementType, _ node: Node) throws -> Tensor {
    guard self.type.byteCount == type.byteCount else {
      throw node.invalid("takes \(self.type) bits for \(type)")
    }
    let patterns: [Int64] =
      switch (elements, self.type) {
      case (.float(let values), .float16):
        values.map { Int64(Float16($0).bitPattern) }
      case (.float(let values), _): values.map { Int64(Int32(bitPattern: $0.bitPattern)) }
      case (.integer(let values), _): values
      }
    switch type {
    case .float32:
      let values = patterns.map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
      return Tensor(values, shape: shape)
    case .float16:
      let values = patterns.map { halfToFloat(UInt16(truncatingIfNeeded: $0)) }
      return Tensor(values, shape: shape, type: type)
    case .bool: return Tensor(patterns.map { $0 == 0 ? Int64(0) : 1 }, shape: shape, type: type)
    default: return Tensor(wrap(patterns, to: type), shape: shape, type: type)
    }
  }
}
