import EdgeFormat

/// How the converter treats one ONNX operator: four rules, one file an operator (or a family of one shape).
///
/// `Operator.table` is the one list; an operator that is not in it is reported by `check`. Passes produce ordinary ONNX
/// nodes, except for what a fusion leaves on a `Conv`, `ConvTranspose` or `Gemm` node (all optional attributes):
/// - `edge.activation` (string: "relu", "clip", "leaky_relu"), `edge.low`, `edge.high`, `edge.slope` (floats);
/// - `edge.residual` (int): index of the input that is added after the convolution, before or after the activation as
///   `edge.residual_first` (int 1: add, then clamp; only clamping activations) says.
public struct Operator: Sendable {
  /// ONNX operator type.
  public let name: String
  /// Opset versions whose semantics the rules implement.
  public let opsets: ClosedRange<Int>
  /// Obstacles of this node beyond the opset: attributes or operand forms that are not supported, each with the nearest
  /// form that is. Shapes may be unknown.
  public let check: @Sendable (Node, Graph) -> [Obstacle]
  /// Types and shapes of the outputs, from the inputs' (all known when called).
  /// - Throws: `ConversionError` when the operands contradict each other.
  public let infer: @Sendable (Node, Graph) throws -> [ValueType]
  /// The outputs' values: the float reference, and constant folding. Inputs in node order, nil for absent ones.
  public let evaluate: @Sendable (Node, [Tensor?]) throws -> [Tensor]
  /// How the operator takes part in INT8.
  public let quantize: QuantizeRule
  /// Appends what the runtime executes for the node.
  public let lower: @Sendable (Node, inout Lowering) throws -> Void
}

/// The inferred type and shape of a value.
public struct ValueType: Sendable, Equatable {
  public var type: ElementType
  public var shape: [Dimension]
}
