import EdgeFormat

/// Rounds reals to the values of an INT8 tensor: what a QuantizeLinear and the DequantizeLinear
/// behind it do.
///
/// Not an ONNX operator: `QuantizationReader` writes it into models that come quantized, with the
/// attributes `edge.scale` and `edge.zero_point`, of int8 codes.
extension Operator {
  static let requantize = Operator(
    "Requantize", opsets: latestOpset...latestOpset,
    check: { node, _ in
      if AffineParameters(node) != nil { return [] }
      return [
        node.obstacle(
          "the operator is not supported", remedy: "use QuantizeLinear and DequantizeLinear")
      ]
    },
    infer: { node, graph in
      [ValueType(type: try graph.type(node, 0), shape: try graph.shape(node, 0))]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      guard let affine = AffineParameters(node) else { throw node.invalid("has no scale") }
      return [Tensor(mapElements(x.floats, affine.rounded), shape: x.shape, type: x.type)]
    }, quantize: .passThrough, lower: Lowering.requantize)
}

extension AffineParameters {
  /// The parameters that a Requantize node holds.
  init?(_ node: Node) {
    guard let scale = node.float("edge.scale"), let zero = node.int("edge.zero_point") else {
      return nil
    }
    self.init(scale: scale, zeroPoint: Int32(clamping: zero))
  }

  /// The attributes of a Requantize node.
  var attributes: [String: Attribute] {
    ["edge.scale": .float(scale), "edge.zero_point": .int(Int64(zeroPoint))]
  }
}

extension Lowering {
  /// The value in other parameters: a conversion, or nothing where it is stored so already.
  static func requantize(_ node: Node, _ lowering: inout Lowering) throws {
    let target = try lowering.output(node)
    guard let affine = AffineParameters(node) else { throw node.invalid("has no scale") }
    let stored = try lowering.operand(lowering.input(node, 0), .int8(affine))
    lowering.define(target, as: stored)
  }
}
