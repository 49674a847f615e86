import EdgeFormat
import Foundation

extension Operator {
  /// Another element type; floats become integers toward zero.
  ///
  /// float16 results are rounded to float16. <https://onnx.ai/onnx/operators/onnx__Cast.html>
  static let casts: [Operator] = [
    Operator(
      "Cast", opsets: 6...latestOpset,
      check: { node, _ in
        let code = node.int("to", 0)
        if ElementType(onnx: Int32(truncatingIfNeeded: code)) != nil { return [] }
        return [
          node.obstacle(
            "casts to \(onnxTypeName(Int32(truncatingIfNeeded: code)))",
            remedy: "cast to a float, integer or bool type")
        ]
      },
      infer: { node, graph in
        [ValueType(type: try castTarget(node), shape: try graph.shape(node, 0))]
      },
      symbolic: { node, graph in
        guard let type = try? castTarget(node), type == .int64 || type == .int32 else { return nil }
        return graph.content(node, 0)
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        return [convert(x, to: try castTarget(node), exactCode: node.int("to", 0))]
      }, quantize: .passThrough, lower: Lowering.cast),
    // <https://onnx.ai/onnx/operators/onnx__CastLike.html>
    .composite("CastLike", opsets: 15...latestOpset) { _, body in
      [try body.cast(body.required(0), body.type(body.required(1)))]
    },
  ]

  private static func castTarget(_ node: Node) throws -> ElementType {
    guard let code = node.int("to"), let type = ElementType(onnx: Int32(truncatingIfNeeded: code))
    else {
      throw node.invalid("casts to a type that is not supported")
    }
    return type
  }

  private static func convert(_ x: Tensor, to type: ElementType, exactCode: Int) -> Tensor {
    switch (x.elements, type) {
    case (.float(let values), .float16):
      return Tensor(mapElements(values, roundToHalf), shape: x.shape, type: type)
    case (_, .float32), (_, .float16):
      return Tensor(x.floats, shape: x.shape, type: type)
    case (.float(let values), .bool):
      return Tensor(mapElements(values) { $0 == 0 ? Int64(0) : 1 }, shape: x.shape, type: type)
    case (.integer(let values), .bool):
      return Tensor(mapElements(values) { $0 == 0 ? Int64(0) : 1 }, shape: x.shape, type: type)
    case (.float(let values), .int8), (.float(let values), .uint8), (.float(let values), .int16),
      (.float(let values), .int32) where exactCode != 4:
      return Tensor(mapElements(values) { saturated($0, type) }, shape: x.shape, type: type)
    default:
      let integers = x.integers
      if exactCode == 4 {
        return Tensor(
          mapElements(integers) { Int64(UInt16(truncatingIfNeeded: $0)) }, shape: x.shape,
          type: type)
      }
      if exactCode == 12 {
        return Tensor(
          mapElements(integers) { Int64(UInt32(truncatingIfNeeded: $0)) }, shape: x.shape,
          type: type)
      }
      return Tensor(wrap(integers, to: type), shape: x.shape, type: type)
    }
  }
}

/// The integer towards zero that a type holds, or the end of its range; 0 for NaN: as the runtime
/// casts.
private func saturated(_ value: Float, _ type: ElementType) -> Int64 {
  let integer = Int64(clamping: Double(value))
  return switch type {
  case .int8: Int64(Int8(clamping: integer))
  case .uint8: Int64(UInt8(clamping: integer))
  case .int16: Int64(Int16(clamping: integer))
  case .int32: Int64(Int32(clamping: integer))
  default: integer
  }
}

/// The nearest float16 value, ties to even.
func roundToHalf(_ value: Float) -> Float {
  let magnitude = abs(value)
  guard value.isFinite else { return value }
  if magnitude >= 65520 { return value < 0 ? -.infinity : .infinity }
  let unit: Float =
    magnitude < 0x1p-14
    ? 0x1p-24 : Float(sign: .plus, exponent: magnitude.exponent - 10, significand: 1)
  return (value / unit).rounded(.toNearestOrEven) * unit
}
