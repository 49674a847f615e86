import EdgeFormat

/// Conversion between reals and integers: real = scale * (q - zero point), per tensor, per slice of
/// `axis`, or per block of `block_size` along it.
/// <https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html>
extension Operator {
  static let quantization: [Operator] = [
    Operator(
      "QuantizeLinear", opsets: 10...latestOpset,
      infer: { node, graph in
        let code = node.int("output_dtype", 0)
        let stated = code == 0 ? nil : ElementType(onnx: Int32(truncatingIfNeeded: code))
        let type = graph.operand(node, 2)?.type ?? stated ?? .uint8
        return [ValueType(type: type, shape: try graph.shape(node, 0))]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let code = node.int("output_dtype", 0)
        let stated = code == 0 ? nil : ElementType(onnx: Int32(truncatingIfNeeded: code))
        let type = optional(inputs, 2)?.type ?? stated ?? .uint8
        let scale = try spread(node, need(node, inputs, 1), over: x.shape).floats
        let zero = try optional(inputs, 2).map { try spread(node, $0, over: x.shape).integers }
        let range = type.integerRange
        let values = mapPairs(x.floats, scale) { ($0 / $1).rounded(.toNearestOrEven) }
        let shifted = values.indices.map { index -> Int64 in
          let value = Double(values[index]) + Double(zero?[index] ?? 0)
          return Int64(
            clamping: min(max(value, Double(range.lowerBound)), Double(range.upperBound)))
        }
        return [Tensor(shifted, shape: x.shape, type: type)]
      }, lower: nil),
    Operator(
      "DequantizeLinear", opsets: 10...latestOpset,
      infer: { node, graph in [ValueType(type: .float32, shape: try graph.shape(node, 0))] },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let scale = try spread(node, need(node, inputs, 1), over: x.shape).floats
        guard let zero = optional(inputs, 2) else {
          return [Tensor(mapPairs(x.floats, scale) { $0 * $1 }, shape: x.shape)]
        }
        let centred = mapPairs(x.integers, try spread(node, zero, over: x.shape).integers) {
          Float($0 - $1)
        }
        return [Tensor(mapPairs(centred, scale) { $0 * $1 }, shape: x.shape)]
      }, lower: nil),
  ]

  /// A scale or zero point for every element of `shape`.
  private static func spread(_ node: Node, _ parameter: Tensor, over shape: [Int]) throws -> Tensor
  {
    if parameter.count == 1 { return parameter.reshaped([]).broadcast(to: shape) }
    let axis = try axis(node.int("axis", 1), rank: shape.count, node)
    let block = node.int("block_size", 0)
    if block > 0, parameter.shape.count == shape.count {
      return parameter.selecting((0..<shape[axis]).map { $0 / block }, axis: axis)
    }
    guard parameter.count == shape[axis] else {
      throw node.invalid("\(parameter.count) scales for an axis of \(shape[axis])")
    }
    var aligned = [Int](repeating: 1, count: shape.count)
    aligned[axis] = parameter.count
    return parameter.reshaped(aligned).broadcast(to: shape)
  }
}

extension ElementType {
  /// The integers that the type holds.
  var integerRange: ClosedRange<Int64> {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .bool: 0...1
    case .int64, .float32, .float16: .min ... .max
    }
  }
}
