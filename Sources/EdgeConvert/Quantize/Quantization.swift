/// The arithmetic of a node in the plan.
public enum Precision: String, Sendable {
  case int8
  /// INT8 products of codes that the runtime makes of float operands, row by row; results are float.
  case dynamic = "int8 by row"
  case float32 = "f32"
}

/// real = scale * (q - zeroPoint), q in -128...127; the range contains 0 exactly (numerics.md).
public struct AffineParameters: Sendable, Hashable {
  public var scale: Float
  public var zeroPoint: Int32

  public init(scale: Float, zeroPoint: Int32) {
    self.scale = scale
    self.zeroPoint = zeroPoint
  }
}

/// What quantization decided for a graph: which nodes run in INT8 and how values are represented between them.
///
/// A value without parameters is float. An INT8 node whose output has no parameters writes float (directly when its kernel
/// can, as convolutions do; else through a dequantize). A float node that reads a quantized value gets it dequantized.
public struct Quantization: Sendable {
  /// By position in `graph.nodes`.
  public var precision: [Precision]
  public var values: [ValueID: AffineParameters]
  /// Per output channel scale of the constant weights of INT8 convolutions, matrix products and
  /// recurrences, by position in `graph.nodes`; max|w| / 127 when absent.
  public var weightScales: [Int: [Float]]
  /// What the inputs of a `dynamic` layer are divided by, one number a channel, and its weights are multiplied by, by
  /// position in `graph.nodes`.
  public var smoothing: [Int: [Float]] = [:]
  /// The model came quantized: weights are whole multiples of their scales, and whatever reads a
  /// value with parameters reads it rounded to them.
  public var isGiven = false

  /// Everything float.
  public init(floatNodes count: Int) {
    precision = Array(repeating: .float32, count: count)
    values = [:]
    weightScales = [:]
  }
}

/// How an operator takes part in INT8: the quantize rule of `Operator`.
public enum QuantizeRule: Sendable {
  /// Runs in float always.
  case float
  /// Constant INT8 weights, per channel: Conv, ConvTranspose, Gemm, MatMul with a constant operand.
  case weighted
  /// Constant INT8 recurrent weights, per row of a gate; states are multiplied in 16 bits, and everything else is float.
  case recurrent
  /// A function of one element: a 256-entry table.
  case table
  /// Always `Precision.dynamic`: products of two activations.
  case dynamic
  /// Two activations: Add, Sub, Mul.
  case binary
  /// Computes on integers with a rescale: average pooling, mean.
  case rescaled
  /// Moves or selects elements; output parameters equal the input's: Reshape, Transpose, Slice, MaxPool, Concat, Pad, Resize...
  case passThrough
}
