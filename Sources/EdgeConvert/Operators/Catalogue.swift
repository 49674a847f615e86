import EdgeFormat

/// The operators that the converter takes, as `edgeconv operators` and docs/operators.md list them.
public struct Catalogue: Encodable, Sendable {
  /// One operator of the default ONNX domain.
  public struct Entry: Encodable, Sendable {
    public var name: String
    /// Opset versions whose semantics are implemented, such as "7-28".
    public var opsets: String
    /// Element types of the data operands.
    public var types: String
    /// How it takes part in INT8; empty when it runs in float always.
    public var int8: String
  }

  /// Sorted by name.
  public let operators: [Entry]

  public init() {
    operators = Operator.table.values.filter { !$0.name.hasPrefix("edge.") }
      .map { rule in
        Entry(
          name: rule.name, opsets: "\(rule.opsets.lowerBound)-\(rule.opsets.upperBound)",
          types: rule.elementTypes.rawValue, int8: rule.int8)
      }.sorted { $0.name < $1.name }
  }

  /// docs/operators.md.
  public var markdown: String {
    let lines = operators.map { "| \($0.name) | \($0.opsets) | \($0.types) | \($0.int8) |" }
    return """
      <!-- Written by `edgeconv operators`: do not edit. -->
      # ONNX operators

      What `edgeconv` converts: \(operators.count) operators of the default ONNX domain. `edgeconv check MODEL` says of each node whether its attributes and
      operands are among the supported forms, and names the nearest one that is. Functions of a model are inlined; branches and loops are
      decided at conversion.

      Element types are those of the data operands: *float* is float32 and float16 (computed in float32), *integer* int8, uint8, int16, int32 and
      int64, *any* these and bool, as far as ONNX defines the operator for them.

      INT8 says how the operator takes part in a quantized conversion: *weights* (constant INT8 weights, one scale a channel), *table* (256 entries),
      *two operands*, *rescaled* (integer sums), *moved* (bytes as they are); where it is empty the operator runs in float or on its own integers.

      | operator | opsets | types | INT8 |
      | --- | --- | --- | --- |
      \(lines.joined(separator: "\n"))

      """
  }
}

/// Sets of element types that operators are defined for.
enum ElementTypes: String {
  case any
  case number = "float, integer"
  case float
  case integer
  case bool
  case quantized = "int8, uint8, int16, int32"
}

extension Operator {
  /// Element types of the data operands.
  fileprivate var elementTypes: ElementTypes {
    switch name {
    case "And", "Or", "Xor", "Not": .bool
    case "BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot", "TfIdfVectorizer":
      .integer
    case "ConvInteger", "MatMulInteger", "QLinearConv", "QLinearMatMul", "DequantizeLinear":
      .quantized
    case "Abs", "Add", "ArgMax", "ArgMin", "Clip", "CumProd", "CumSum", "Div", "Gemm", "Greater",
      "GreaterOrEqual", "Less", "LessOrEqual", "MatMul", "Max", "MaxPool", "Min", "Mod", "Mul",
      "Neg", "Pow", "Range", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum",
      "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "Relu", "Sign",
      "Sub", "TopK", "Einsum":
      .number
    case "BitCast", "Cast", "CastLike", "CenterCropPad", "Compress", "Concat", "Constant",
      "ConstantOfShape", "DepthToSpace", "Equal", "Expand", "EyeLike", "Flatten", "Gather",
      "GatherElements", "GatherND", "Identity", "If", "Loop", "NonZero", "OneHot", "Pad", "Reshape",
      "ReverseSequence", "Scan", "Scatter", "ScatterElements", "ScatterND", "Shape", "Size",
      "Slice", "SpaceToDepth", "Split", "Squeeze", "TensorScatter", "Tile", "Transpose", "Trilu",
      "Unique", "Unsqueeze", "Where":
      .any
    default: .float
    }
  }

  /// How the operator takes part in INT8.
  fileprivate var int8: String {
    switch quantize {
    case .float: ["LSTM", "GRU", "RNN"].contains(name) ? "weights" : ""
    case .dynamic: "codes of its operands"
    case .weighted, .recurrent: "weights"
    case .table: "table"
    case .binary: "two operands"
    case .rescaled: "rescaled"
    case .passThrough: "moved"
    }
  }
}
