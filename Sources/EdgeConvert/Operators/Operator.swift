import EdgeFormat

/// How the converter treats one ONNX operator: its rules, one file an operator (or a family of one
/// shape).
///
/// `Operator.table` is the one list; an operator that is not in it is reported by `check`. Passes
/// produce ordinary ONNX nodes, except for what a fusion leaves on a `Conv`, `ConvTranspose`,
/// `Gemm` or `MatMul` with constant weights (all optional attributes; `Epilogue` reads them):
/// - `edge.activation` (string: "relu", "clip", "leaky_relu"), `edge.low`, `edge.high`,
///   `edge.slope` (floats; "relu" has none, "clip" has both bounds, infinite where there is none);
/// - `edge.residual` (int): index of the input that is added after a convolution, 3 and up, before
///   or after the activation as `edge.residual_first` (int 1: add, then clamp; only clamping
///   activations) says.
///
/// After `Passes.all`: a `MatMul` by a constant matrix on the right may have a third input, a
/// constant bias `[N]`; windows have `pads` instead of `auto_pad` where sizes are known; no
/// Identity, Dropout, BatchNormalization with known statistics, or node with known results remains.
public struct Operator: Sendable {
  /// Appends what the runtime executes for the node.
  public typealias LoweringRule = @Sendable (Node, inout Lowering) throws -> Void

  /// A composite's body: simpler nodes that compute the same; gives the node's outputs (nil for
  /// those that nobody asked for), or nil when the node is to stay as it is.
  public typealias Body = @Sendable (Node, inout Expansion) throws -> [ValueID?]?

  /// Newest opset of the default domain whose operators are known; passes write nodes of it.
  public static let latestOpset = 28

  /// ONNX operator type.
  public let name: String
  /// Opset versions whose semantics the rules implement.
  public let opsets: ClosedRange<Int>
  /// Obstacles of this node beyond the opset: attributes or operand forms that are not supported,
  /// each with the nearest form that is.
  ///
  /// Shapes may be unknown.
  public let check: @Sendable (Node, Graph) -> [Obstacle]
  /// Types and shapes of the outputs, from the inputs' (all known when called).
  ///
  /// Trailing outputs may be left out.
  /// - Throws: `ConversionError` when the operands contradict each other or the shape depends on
  ///   run-time data.
  public let infer: @Sendable (Node, Graph) throws -> [ValueType]
  /// The first output's content in terms of symbols, for operators of shape arithmetic; nil when it
  /// is not known.
  public let symbolic: @Sendable (Node, Graph) -> [Dimension]?
  /// The outputs' values: the float reference, and constant folding.
  ///
  /// Inputs in node order, nil for absent ones.
  public let evaluate: @Sendable (Node, [Tensor?]) throws -> [Tensor]
  /// How the operator takes part in INT8.
  public let quantize: QuantizeRule
  /// nil while the runtime has nothing to execute it with; such a node must fold away, and `check`
  /// says so.
  public let lower: LoweringRule?
  /// Set for an operator that becomes simpler nodes before anything else, always or in some forms.
  public let body: Body?
  /// Simpler nodes for those forms of the operator that have no kernel, written when fusions are
  /// done; nil when the node may stay as it is.
  public let rewrite: Body?

  /// Whether no form of the operator is executed as it is.
  let isComposite: Bool

  /// Rules in the order a reader wants them.
  public init(
    _ name: String,
    opsets: ClosedRange<Int>,
    check: @escaping @Sendable (Node, Graph) -> [Obstacle] = { _, _ in [] },
    infer: @escaping @Sendable (Node, Graph) throws -> [ValueType],
    symbolic: @escaping @Sendable (Node, Graph) -> [Dimension]? = { _, _ in nil },
    evaluate: @escaping @Sendable (Node, [Tensor?]) throws -> [Tensor],
    quantize: QuantizeRule = .float,
    body: Body? = nil,
    lower: LoweringRule?,
    rewrite: Body? = nil
  ) {
    self.name = name
    self.opsets = opsets
    self.check = check
    self.infer = infer
    self.symbolic = symbolic
    self.evaluate = evaluate
    self.quantize = quantize
    self.lower = lower
    self.body = body
    self.rewrite = rewrite
    isComposite = false
  }

  private init(
    _ name: String, opsets: ClosedRange<Int>,
    check: @escaping @Sendable (Node, Graph) -> [Obstacle], body: @escaping Body
  ) {
    self.name = name
    self.opsets = opsets
    self.check = check
    infer = { node, _ in throw node.invalid("is a composite, which expansion replaces") }
    symbolic = { _, _ in nil }
    evaluate = { node, _ in throw node.invalid("is a composite, which expansion replaces") }
    quantize = .float
    lower = nil
    rewrite = nil
    isComposite = true
    self.body = body
  }

  /// An operator that becomes simpler nodes: as ONNX's own function body, or better ones.
  ///
  /// - Parameters:
  ///   - name: ONNX operator type.
  ///   - opsets: versions whose semantics the body implements.
  ///   - check: obstacles of a node; shapes may be unknown.
  ///   - body: writes the nodes; types of the operands are known when it runs, and shapes, though
  ///     these may have symbolic sizes. It throws `ConversionError.obstacles` for what it refuses.
  static func composite(
    _ name: String, opsets: ClosedRange<Int>,
    check: @escaping @Sendable (Node, Graph) -> [Obstacle] = { _, _ in [] },
    _ body: @escaping Body
  ) -> Operator {
    Operator(name, opsets: opsets, check: check, body: body)
  }
}

/// The inferred type and shape of a value.
public struct ValueType: Sendable, Equatable {
  public var type: ElementType
  public var shape: [Dimension]
}
