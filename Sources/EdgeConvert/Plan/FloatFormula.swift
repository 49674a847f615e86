import CEdgeKernels
import EdgeFormat

/// Float functions of one element that the runtime has no kernel of, in terms of those it has.
///
/// Errors are those of the kernels used, twice or three times over; where a textbook form cancels
/// near 0, another is taken (docs/numerics.md).
extension Lowering {
  /// The function of a node applied to a tensor; nil when there is no formula.
  mutating func formula(_ node: Node, _ x: PlanTensorID) -> PlanTensorID? {
    switch node.op {
    case "Tan": over(function(EDGE_UNARY_SIN, x), function(EDGE_UNARY_COS, x))
    case "Asin":
      function(
        EDGE_UNARY_ATAN,
        over(x, root(times(minus(number(1), x), plus(x, number(1))))))
    case "Acos":
      times(
        function(EDGE_UNARY_ATAN, root(over(minus(number(1), x), plus(x, number(1))))), number(2))
    case "Sinh", "Cosh": hyperbolic(node.op, x)
    case "Asinh", "Atanh": oddInverse(node.op, x)
    case "Acosh": areaCosine(x)
    default: activation(node, x)
    }
  }

  private mutating func activation(_ node: Node, _ x: PlanTensorID) -> PlanTensorID? {
    switch node.op {
    case "Softsign": over(x, plus(magnitude(x), number(1)))
    case "Mish": times(x, function(EDGE_UNARY_TANH, function(EDGE_UNARY_SOFTPLUS, x)))
    case "Swish":
      times(x, function(EDGE_UNARY_SIGMOID, times(x, number(node.float("alpha", 1)))))
    case "Gelu": times(x, function(EDGE_UNARY_SIGMOID, tanhArgument(x)))
    case "Selu":
      times(
        function(EDGE_UNARY_ELU, x, alpha: node.float("alpha", 1.673_263_2)),
        number(node.float("gamma", 1.050_701)))
    case "Celu": celu(x, node.float("alpha", 1))
    case "ThresholdedRelu":
      selection(below(number(node.float("alpha", 1)), x), x, number(0))
    case "Shrink": shrink(x, lambda: node.float("lambd", 0.5), bias: node.float("bias", 0))
    default: nil
    }
  }

  /// sinh |x| = -expm1(-|x|) * (1 + e^|x|) / 2 and cosh x = e^|x| / 2 + e^-|x| / 2, with e^|x| as
  /// the square of e^(|x| / 2), which is finite wherever the result is.
  private mutating func hyperbolic(_ op: String, _ x: PlanTensorID) -> PlanTensorID {
    let size = magnitude(x)
    let root = function(EDGE_UNARY_EXP, times(size, number(0.5)))
    let half = times(times(root, number(0.5)), root)
    if op == "Cosh" { return plus(half, over(number(0.25), half)) }
    let shrunk = function(EDGE_UNARY_ELU, function(EDGE_UNARY_NEG, size), alpha: 1)
    let positive = times(function(EDGE_UNARY_NEG, shrunk), plus(half, number(0.5)))
    return times(positive, function(EDGE_UNARY_SIGN, x))
  }

  /// asinh |x| = log1p(|x| + x^2 / (1 + sqrt(x^2 + 1))), beyond 2^20 with what exceeds it as a
  /// logarithm of its own; atanh |x| = log1p(2 |x| / (1 - |x|)) / 2.
  private mutating func oddInverse(_ op: String, _ x: PlanTensorID) -> PlanTensorID {
    let size = magnitude(x)
    var positive: PlanTensorID
    if op == "Atanh" {
      let ratio = over(plus(size, size), minus(number(1), size))
      positive = times(logarithmOfOnePlus(ratio), number(0.5))
    } else {
      let small = arithmetic(EDGE_BINARY_MIN, size, number(0x1p20))
      let square = times(small, small)
      let rest = over(square, plus(root(plus(square, number(1))), number(1)))
      let excess = arithmetic(EDGE_BINARY_MAX, size, number(0x1p20))
      positive = plus(
        logarithmOfOnePlus(plus(small, rest)),
        function(EDGE_UNARY_LOG, times(excess, number(0x1p-20))))
    }
    return times(positive, function(EDGE_UNARY_SIGN, x))
  }

  /// acosh x = log1p(t + sqrt(t) sqrt(t + 2)) with t = x - 1.
  private mutating func areaCosine(_ x: PlanTensorID) -> PlanTensorID {
    let t = minus(x, number(1))
    return logarithmOfOnePlus(plus(t, times(root(t), root(plus(t, number(2))))))
  }

  /// log(u) + (x - (u - 1)) / u with u = 1 + x rounded: the second term is what rounding took.
  private mutating func logarithmOfOnePlus(_ x: PlanTensorID) -> PlanTensorID {
    let finite = arithmetic(EDGE_BINARY_MIN, x, number(0x1p30))
    let u = plus(finite, number(1))
    let lost = over(minus(finite, minus(u, number(1))), u)
    return plus(function(EDGE_UNARY_LOG, plus(x, number(1))), lost)
  }

  /// Twice the argument of GELU's tanh form: 1 + tanh(z) is 2 sigmoid(2 z).
  private mutating func tanhArgument(_ x: PlanTensorID) -> PlanTensorID {
    let factor: Float = 1.595_769_1
    return times(x, plus(times(times(x, x), number(factor * 0.044_715)), number(factor)))
  }

  /// max(x, 0) + alpha * expm1(min(x, 0) / alpha).
  private mutating func celu(_ x: PlanTensorID, _ alpha: Float) -> PlanTensorID {
    if alpha == 1 { return function(EDGE_UNARY_ELU, x, alpha: 1) }
    let negative = function(EDGE_UNARY_CLIP, x, alpha: -.infinity, beta: 0)
    let curve = function(EDGE_UNARY_ELU, over(negative, number(alpha)), alpha: 1)
    return plus(function(EDGE_UNARY_RELU, x), times(curve, number(alpha)))
  }

  private mutating func shrink(
    _ x: PlanTensorID, lambda: Float, bias: Float
  ) -> PlanTensorID {
    let lowered = selection(below(number(lambda), x), minus(x, number(bias)), number(0))
    return selection(below(x, number(-lambda)), plus(x, number(bias)), lowered)
  }

  private mutating func plus(_ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    arithmetic(EDGE_BINARY_ADD, a, b)
  }

  private mutating func minus(_ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    arithmetic(EDGE_BINARY_SUB, a, b)
  }

  private mutating func times(_ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    arithmetic(EDGE_BINARY_MUL, a, b)
  }

  private mutating func over(_ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    arithmetic(EDGE_BINARY_DIV, a, b)
  }

  private mutating func below(_ a: PlanTensorID, _ b: PlanTensorID) -> PlanTensorID {
    comparison(EDGE_COMPARE_LESS, a, b)
  }

  private mutating func magnitude(_ x: PlanTensorID) -> PlanTensorID {
    function(EDGE_UNARY_ABS, x)
  }

  private mutating func root(_ x: PlanTensorID) -> PlanTensorID { function(EDGE_UNARY_SQRT, x) }
}
