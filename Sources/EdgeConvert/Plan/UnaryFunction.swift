import CEdgeKernels
import EdgeFormat
import Foundation

/// A function of one element: its float kernel, and its value in double precision for tables.
struct UnaryFunction {
  /// What `unary` runs; nil when only a table can express it.
  var parameters: UnaryParameters?
  var value: (Double) -> Double

  private init(
    _ kind: Int, alpha: Float = 0, beta: Float = 0, _ value: @escaping (Double) -> Double
  ) {
    var parameters = UnaryParameters()
    parameters.kind = Int32(kind)
    parameters.alpha = alpha
    parameters.beta = beta
    self.parameters = parameters
    self.value = value
  }

  /// The function of an ONNX node; nil when it is not a known function of one element.
  /// - Parameters:
  ///   - node: the operator and its attributes.
  ///   - low: Clip's lower bound.
  ///   - high: Clip's upper bound.
  init?(_ node: Node, low: Float = -.infinity, high: Float = .infinity) {
    guard let function = Self.activation(node, low, high) ?? Self.elementary(node.op) else {
      return nil
    }
    self = function
  }

  private static func activation(_ node: Node, _ low: Float, _ high: Float) -> UnaryFunction? {
    switch node.op {
    case "Relu": return UnaryFunction(Int(EDGE_UNARY_RELU)) { max($0, 0) }
    case "LeakyRelu":
      let alpha = node.float("alpha") ?? 0.01
      return UnaryFunction(Int(EDGE_UNARY_LEAKY_RELU), alpha: alpha) {
        $0 < 0 ? $0 * Double(alpha) : $0
      }
    case "Clip":
      return UnaryFunction(Int(EDGE_UNARY_CLIP), alpha: low, beta: high) {
        max(Double(low), min(Double(high), $0))
      }
    case "Sigmoid": return UnaryFunction(Int(EDGE_UNARY_SIGMOID), sigmoid)
    case "HardSigmoid":
      let alpha = node.float("alpha") ?? 0.2
      let beta = node.float("beta") ?? 0.5
      return UnaryFunction(Int(EDGE_UNARY_HARD_SIGMOID), alpha: alpha, beta: beta) {
        max(0, min(1, Double(alpha) * $0 + Double(beta)))
      }
    case "HardSwish":
      return UnaryFunction(Int(EDGE_UNARY_HARD_SWISH)) { $0 * max(0, min(1, $0 / 6 + 0.5)) }
    case "Elu":
      let alpha = node.float("alpha") ?? 1
      return UnaryFunction(Int(EDGE_UNARY_ELU), alpha: alpha) {
        $0 < 0 ? Double(alpha) * expm1($0) : $0
      }
    case "Swish" where (node.float("alpha") ?? 1) == 1, "Silu":
      return UnaryFunction(Int(EDGE_UNARY_SILU)) { $0 * sigmoid($0) }
    case "Gelu" where (node.string("approximate") ?? "none") == "none":
      return UnaryFunction(Int(EDGE_UNARY_GELU)) { $0 * 0.5 * (1 + erf($0 / 2.0.squareRoot())) }
    case "Softplus":
      return UnaryFunction(Int(EDGE_UNARY_SOFTPLUS)) {
        max($0, 0) + log1p(exp(-abs($0)))
      }
    default: return nil
    }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  private static func elementary(_ op: String) -> UnaryFunction? {
    switch op {
    case "Tanh": UnaryFunction(Int(EDGE_UNARY_TANH), tanh)
    case "Exp": UnaryFunction(Int(EDGE_UNARY_EXP), exp)
    case "Log": UnaryFunction(Int(EDGE_UNARY_LOG), log)
    case "Sqrt": UnaryFunction(Int(EDGE_UNARY_SQRT)) { $0.squareRoot() }
    case "Abs": UnaryFunction(Int(EDGE_UNARY_ABS)) { abs($0) }
    case "Neg": UnaryFunction(Int(EDGE_UNARY_NEG)) { -$0 }
    case "Reciprocal": UnaryFunction(Int(EDGE_UNARY_RECIPROCAL)) { 1 / $0 }
    case "Erf": UnaryFunction(Int(EDGE_UNARY_ERF), erf)
    case "Floor": UnaryFunction(Int(EDGE_UNARY_FLOOR)) { $0.rounded(.down) }
    case "Ceil": UnaryFunction(Int(EDGE_UNARY_CEIL)) { $0.rounded(.up) }
    case "Round": UnaryFunction(Int(EDGE_UNARY_ROUND)) { $0.rounded(.toNearestOrEven) }
    case "Sin": UnaryFunction(Int(EDGE_UNARY_SIN), sin)
    case "Cos": UnaryFunction(Int(EDGE_UNARY_COS), cos)
    case "Atan": UnaryFunction(Int(EDGE_UNARY_ATAN), atan)
    case "Sign": UnaryFunction(Int(EDGE_UNARY_SIGN)) { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    default: nil
    }
  }
}
