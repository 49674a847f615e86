import EdgeFormat
import Foundation

/// Arithmetic of two operands that broadcast to each other, and of any number of them.
extension Operator {
  static let binary: [Operator] = [
    arithmetic("Add", .binary, symbolic: +, { $0 + $1 }, { $0 &+ $1 }),
    arithmetic("Sub", .binary, symbolic: -, { $0 - $1 }, { $0 &- $1 }),
    arithmetic("Mul", .binary, symbolic: *, { $0 * $1 }, { $0 &* $1 }),
    arithmetic("Div", .float, symbolic: /, { $0 / $1 }, { $1 == 0 ? 0 : $0.dividedWrapping($1) }),
    power, remainder,
  ]

  static let variadic: [Operator] = [
    variadic("Max", { $0 > $1 || $0.isNaN ? $0 : $1 }, { max($0, $1) }, symbolic: Dimension.max),
    variadic("Min", { $0 < $1 || $0.isNaN ? $0 : $1 }, { min($0, $1) }, symbolic: Dimension.min),
    variadic("Sum", { $0 + $1 }, { $0 &+ $1 }),
    variadic("Mean", { $0 + $1 }, { $0 &+ $1 }),
  ]

  private static func arithmetic(
    _ name: String, _ quantize: QuantizeRule,
    symbolic: @escaping @Sendable (Dimension, Dimension) -> Dimension,
    _ floats: @escaping @Sendable (Float, Float) -> Float,
    _ integers: @escaping @Sendable (Int64, Int64) -> Int64
  ) -> Operator {
    Operator(
      name, opsets: 7...latestOpset, infer: inferBroadcast,
      symbolic: { node, graph in pairwise(node, graph, symbolic) },
      evaluate: { node, inputs in
        [try combine(node, need(node, inputs, 0), need(node, inputs, 1), floats, integers)]
      },
      quantize: quantize, lower: Lowering.binary)
  }

  /// Of integers too, and of two types: the result has the base's.
  /// <https://onnx.ai/onnx/operators/onnx__Pow.html>
  private static let power = Operator(
    "Pow", opsets: 7...latestOpset, infer: inferBroadcast,
    evaluate: { node, inputs in
      let base = try need(node, inputs, 0)
      let exponent = try need(node, inputs, 1)
      if !base.type.isFloat, !exponent.type.isFloat {
        return [try combine(node, base, exponent, { a, _ in a }, Int64.power)]
      }
      if base.type.isFloat, exponent.count == 1, let value = exponent.scalar,
        value == 2 || value == 0.5
      {
        let body: (Float) -> Float = value == 2 ? { $0 * $0 } : { $0.squareRoot() }
        return [Tensor(mapElements(base.floats, body), shape: base.shape, type: base.type)]
      }
      let floats = Tensor(exponent.floats, shape: exponent.shape)
      let result = try combine(
        node, Tensor(base.floats, shape: base.shape), floats, { pow($0, $1) }, { a, _ in a })
      return [
        base.type.isFloat
          ? result.retyped(base.type)
          : Tensor(result.integers, shape: result.shape, type: base.type)
      ]
    },
    quantize: .table, lower: Lowering.binary)

  /// With the divisor's sign, or with the dividend's when `fmod` is set.
  /// <https://onnx.ai/onnx/operators/onnx__Mod.html>
  private static let remainder = Operator(
    "Mod", opsets: 10...latestOpset, infer: inferBroadcast,
    evaluate: { node, inputs in
      let truncating = node.int("fmod", 0) != 0
      return [
        try combine(
          node, need(node, inputs, 0), need(node, inputs, 1),
          { a, b in
            let rest = fmod(a, b)
            return !truncating && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
          },
          { a, b in
            if b == 0 || b == -1 { return 0 }
            let rest = a % b
            return !truncating && rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest
          })
      ]
    }, lower: Lowering.binary)

  private static func variadic(
    _ name: String, _ floats: @escaping @Sendable (Float, Float) -> Float,
    _ integers: @escaping @Sendable (Int64, Int64) -> Int64,
    symbolic: (@Sendable (Dimension, Dimension) -> Dimension)? = nil
  ) -> Operator {
    Operator(
      name, opsets: 6...latestOpset, infer: inferBroadcast,
      symbolic: { node, graph in
        guard let symbolic, node.inputs.count == 2 else { return nil }
        return pairwise(node, graph, symbolic)
      },
      evaluate: { node, inputs in
        var result = try need(node, inputs, 0)
        for index in inputs.indices.dropFirst() {
          result = try combine(node, result, need(node, inputs, index), floats, integers)
        }
        if name == "Mean" {
          let count = Float(inputs.count)
          result.elements = .float(mapElements(result.floats) { $0 / count })
        }
        return [result]
      }, lower: Lowering.variadic)
  }

  /// The output has the first input's type and the shape all inputs broadcast to.
  @Sendable static func inferBroadcast(_ node: Node, _ graph: Graph) throws -> [ValueType] {
    let shapes = try node.inputs.indices.map { try graph.shape(node, $0) }
    return [ValueType(type: try graph.type(node, 0), shape: try broadcastShape(shapes, node))]
  }

  /// Applies a function to broadcast operands.
  static func combine(
    _ node: Node, _ a: Tensor, _ b: Tensor, _ floats: (Float, Float) -> Float,
    _ integers: (Int64, Int64) -> Int64
  ) throws -> Tensor {
    let shape = try broadcastShape([a.shape, b.shape], node)
    let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
    switch (x.elements, y.elements) {
    case (.float(let p), .float(let q)):
      return Tensor(mapPairs(p, q, floats), shape: shape, type: a.type)
    case (.integer(let p), .integer(let q)):
      return Tensor(wrap(mapPairs(p, q, integers), to: a.type), shape: shape, type: a.type)
    default:
      throw node.invalid("mixes \(a.type) and \(b.type) operands")
    }
  }

  private static func pairwise(
    _ node: Node, _ graph: Graph, _ body: (Dimension, Dimension) -> Dimension
  ) -> [Dimension]? {
    guard let a = graph.content(node, 0), let b = graph.content(node, 1) else { return nil }
    if a.count == b.count { return zip(a, b).map(body) }
    if a.count == 1 { return b.map { body(a[0], $0) } }
    return b.count == 1 ? a.map { body($0, b[0]) } : nil
  }
}

/// Integers brought into the range of their type, as two's complement arithmetic does.
func wrap(_ values: [Int64], to type: ElementType) -> [Int64] {
  switch type {
  case .int8: mapElements(values) { Int64(Int8(truncatingIfNeeded: $0)) }
  case .uint8: mapElements(values) { Int64(UInt8(truncatingIfNeeded: $0)) }
  case .int16: mapElements(values) { Int64(Int16(truncatingIfNeeded: $0)) }
  case .int32: mapElements(values) { Int64(Int32(truncatingIfNeeded: $0)) }
  default: values
  }
}

extension Int64 {
  /// base to the power of exponent, wrapping; cut towards zero for exponents below 0.
  fileprivate static func power(_ base: Int64, _ exponent: Int64) -> Int64 {
    if exponent < 0 {
      if base == 1 || base == -1 { return exponent % 2 == 0 ? 1 : base }
      return 0
    }
    var result: Int64 = 1
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result &*= square }
      square &*= square
      rest >>= 1
    }
    return result
  }

  /// The truncated quotient; the one that overflows wraps.
  fileprivate func dividedWrapping(_ divisor: Int64) -> Int64 {
    dividedReportingOverflow(by: divisor).partialValue
  }
}
