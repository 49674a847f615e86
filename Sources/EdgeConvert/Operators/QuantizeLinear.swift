import EdgeFormat

/// Conversion between reals and integers: real = scale * (q - zero point), per tensor, per slice of
/// `axis`, or per block of `block_size` along it.
/// <https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html>
extension Operator {
  static let quantization: [Operator] = [
    .composite("QuantizeLinear", opsets: 10...latestOpset) { node, body in
      let x = try body.float(body.required(0))
      let scale = try body.spread(body.float(body.required(1)), over: x)
      let zero = try body.input(2).map { try body.spread($0, over: x) }
      let codes = try body.apply("Round", [body.apply("Div", [x, scale])])
      return [try body.codes(codes, zero: zero, try quantizedType(node, body.graph))]
    },
    .composite("DequantizeLinear", opsets: 10...latestOpset) { node, body in
      let x = try body.required(0)
      let stored = try body.required(1)
      let zero = try body.input(2).map { try body.spread($0, over: x) }
      let scale = try body.float(body.spread(stored, over: x))
      let real = try body.apply("Mul", [body.centred(x, zero), scale])
      let code = node.int("output_dtype", 0)
      let stated = ElementType(onnx: Int32(truncatingIfNeeded: code))
      let type = try stated ?? body.type(stored)
      return [type == .float16 ? try body.cast(real, .float16) : real]
    },
    // The range of x, widened to contain 0, in 255 steps.
    // <https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html>
    .composite("DynamicQuantizeLinear", opsets: 11...latestOpset) { _, body in
      let x = try body.required(0)
      let none = body.constant(0)
      let keep: [String: Attribute] = ["keepdims": .int(0)]
      let low = try body.apply("Min", [body.apply("ReduceMin", [x], keep), none])
      let high = try body.apply("Max", [body.apply("ReduceMax", [x], keep), none])
      let steps = body.constant(255)
      let scale = try body.apply("Div", [body.apply("Sub", [high, low]), steps])
      let start = try body.apply("Div", [body.apply("Sub", [none, low]), scale])
      let zero = try body.codes(body.apply("Round", [start]), zero: nil, .uint8)
      return [try body.apply("QuantizeLinear", [x, scale, zero]), scale, zero]
    },
  ]

  /// Element type of a QuantizeLinear's result: of its zero point, or as an attribute says.
  static func quantizedType(_ node: Node, _ graph: Graph) throws -> ElementType {
    let code = Int32(truncatingIfNeeded: node.int("output_dtype", 0))
    return graph.operand(node, 2)?.type ?? ElementType(onnx: code) ?? .uint8
  }
}

extension Expansion {
  /// The value as float32.
  mutating func float(_ id: ValueID) throws -> ValueID { try cast(id, .float32) }

  /// The value in an element type; itself when it is of it.
  mutating func cast(_ id: ValueID, _ type: ElementType) throws -> ValueID {
    if try self.type(id) == type { return id }
    return try apply("Cast", [id], ["to": .int(type.onnxCode)])
  }

  /// Codes less their zero point, which broadcasts, as float32: exact for up to 16 bits.
  mutating func centred(_ codes: ValueID, _ zero: ValueID?) throws -> ValueID {
    let values = try float(codes)
    guard let zero, tensor(zero).map({ $0.integers.contains { $0 != 0 } }) ?? true else {
      return values
    }
    return try apply("Sub", [values, float(zero)])
  }

  /// Whole numbers plus a zero point as codes of an integer type, saturated.
  mutating func codes(_ values: ValueID, zero: ValueID?, _ type: ElementType) throws -> ValueID {
    var shifted = values
    if let zero { shifted = try apply("Add", [values, float(zero)]) }
    let range = type.codeRange
    let (low, high) = (constant(Float(range.lowerBound)), constant(Float(range.upperBound)))
    return try cast(apply("Clip", [shifted, low, high]), type)
  }

  /// A scale or zero point in a shape that broadcasts over `x`: one for all, one a slice of `axis`,
  /// or one a block along it.
  mutating func spread(_ parameter: ValueID, over x: ValueID) throws -> ValueID {
    let own = try sizes(parameter)
    let shape = try shape(x)
    if own.reduce(1, *) == 1 { return own.isEmpty ? parameter : try reshaped(parameter, []) }
    let axis = try EdgeConvert.axis(node.int("axis", 1), rank: shape.count, node)
    let block = node.int("block_size", 0)
    if block > 0, own.count == shape.count {
      guard let length = shape[axis].constant, (length + block - 1) / block == own[axis] else {
        throw node.invalid("\(own[axis]) blocks of \(block) for an axis of \(shape[axis])")
      }
      let places = constant(ints: (0..<length).map { $0 / block })
      return try apply("Gather", [parameter, places], ["axis": .int(Int64(axis))])
    }
    guard own.count == 1, shape[axis].constant ?? own[0] == own[0] else {
      throw node.invalid("\(own) scales for an axis of \(shape[axis])")
    }
    var aligned = [Int](repeating: 1, count: shape.count)
    aligned[axis] = own[0]
    return try reshaped(parameter, aligned)
  }

  /// The same elements under constant sizes.
  mutating func reshaped(_ id: ValueID, _ sizes: [Int]) throws -> ValueID {
    try apply("Reshape", [id, constant(ints: sizes)])
  }
}

extension ElementType {
  /// The codes of a quantized value held in this type: what the type holds, but uint16 is held as
  /// int32.
  var codeRange: ClosedRange<Int64> {
    switch self {
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    case .int32, .int64, .bool, .float32, .float16: 0...65535
    }
  }

  /// The TensorProto.DataType.
  var onnxCode: Int64 {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    }
  }
}
