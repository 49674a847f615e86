import EdgeFormat
import Foundation

/// Functions of one element. Opset pages: Relu, Sigmoid, Tanh, ... of onnx.ai/onnx/operators.
extension Operator {
  static let unary: [Operator] = floatUnary + integerUnary + parametricUnary

  private static let floatUnary: [Operator] = [
    function("Sigmoid") { $0 >= 0 ? 1 / (1 + exp(-$0)) : exp($0) / (1 + exp($0)) },
    function("Tanh") { tanh($0) },
    function("Exp") { exp($0) },
    function("Log") { log($0) },
    function("Sqrt") { $0.squareRoot() },
    function("Reciprocal") { 1 / $0 },
    function("Erf") { erf($0) },
    function("Floor") { $0.rounded(.down) },
    function("Ceil") { $0.rounded(.up) },
    function("Round") { $0.rounded(.toNearestOrEven) },
    function("Softplus") { max($0, 0) + log1p(exp(-abs($0))) },
    function("Softsign") { $0 / (1 + abs($0)) },
    function("HardSwish") { $0 * min(max($0 / 6 + 0.5, 0), 1) },
    function("Mish") { $0 * tanh(max($0, 0) + log1p(exp(-abs($0)))) },
    function("Sin") { sin($0) }, function("Cos") { cos($0) }, function("Tan") { tan($0) },
    function("Asin") { asin($0) }, function("Acos") { acos($0) }, function("Atan") { atan($0) },
    function("Sinh") { sinh($0) }, function("Cosh") { cosh($0) },
    function("Asinh") { asinh($0) }, function("Acosh") { acosh($0) },
    function("Atanh") { atanh($0) },
  ]

  private static let integerUnary: [Operator] = [
    function("Relu", integers: { max($0, 0) }) { $0 < 0 ? 0 : $0 },
    function("Abs", integers: { Int64(clamping: $0.magnitude) }) { abs($0) },
    function("Neg", integers: { 0 &- $0 }) { -$0 },
    function("Sign", integers: { $0.signum() }) { $0 > 0 ? 1 : ($0 < 0 ? -1 : $0) },
  ]

  private static let parametricUnary: [Operator] = [
    parametric("LeakyRelu") { node in
      let slope = node.float("alpha", 0.01)
      return { $0 < 0 ? $0 * slope : $0 }
    },
    parametric("Elu") { node in
      let alpha = node.float("alpha", 1)
      return { $0 < 0 ? alpha * expm1($0) : $0 }
    },
    parametric("Celu") { node in
      let alpha = node.float("alpha", 1)
      return { max(0, $0) + min(0, alpha * expm1($0 / alpha)) }
    },
    parametric("Selu") { node in
      let alpha = node.float("alpha", 1.673_263_2)
      let gamma = node.float("gamma", 1.050_701)
      return { gamma * ($0 > 0 ? $0 : alpha * expm1($0)) }
    },
    parametric("HardSigmoid") { node in
      let alpha = node.float("alpha", 0.2)
      let beta = node.float("beta", 0.5)
      return { min(max(alpha * $0 + beta, 0), 1) }
    },
    parametric("ThresholdedRelu") { node in
      let alpha = node.float("alpha", 1)
      return { $0 > alpha ? $0 : 0 }
    },
    parametric("Shrink") { node in
      let bias = node.float("bias", 0)
      let lambda = node.float("lambd", 0.5)
      return { $0 < -lambda ? $0 + bias : ($0 > lambda ? $0 - bias : 0) }
    },
    parametric("Swish") { node in
      let alpha = node.float("alpha", 1)
      return { $0 / (1 + exp(-alpha * $0)) }
    },
    parametric("Gelu") { node in
      if node.string("approximate") == "tanh" {
        return { 0.5 * $0 * (1 + tanh(0.797_884_56 * ($0 + 0.044_715 * $0 * $0 * $0))) }
      }
      return { 0.5 * $0 * (1 + erf($0 * 0.707_106_77)) }
    },
  ]

  private static func function(
    _ name: String, integers: (@Sendable (Int64) -> Int64)? = nil,
    _ body: @escaping @Sendable (Float) -> Float
  ) -> Operator {
    elementwise(name) { node, input in
      switch input.elements {
      case .float(let values):
        return Tensor(mapElements(values, body), shape: input.shape, type: input.type)
      case .integer(let values):
        guard let integers else { throw node.invalid("is not defined on \(input.type) elements") }
        return Tensor(mapElements(values, integers), shape: input.shape, type: input.type)
      }
    }
  }

  private static func parametric(
    _ name: String, _ make: @escaping @Sendable (Node) -> @Sendable (Float) -> Float
  ) -> Operator {
    elementwise(name) { node, input in
      Tensor(mapElements(input.floats, make(node)), shape: input.shape, type: input.type)
    }
  }

  private static func elementwise(
    _ name: String, _ body: @escaping @Sendable (Node, Tensor) throws -> Tensor
  ) -> Operator {
    Operator(
      name, opsets: 6...latestOpset, infer: sameAsInput,
      evaluate: { node, inputs in [try body(node, need(node, inputs, 0))] },
      quantize: .table, lower: Lowering.unary)
  }

  /// The output has the type and shape of the first input.
  @Sendable static func sameAsInput(_ node: Node, _ graph: Graph) throws -> [ValueType] {
    [ValueType(type: try graph.type(node, 0), shape: try graph.shape(node, 0))]
  }
}
