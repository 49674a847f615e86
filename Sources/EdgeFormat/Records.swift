/// Where the bytes of a tensor live.
public enum Storage: UInt8, Sendable {
  /// In the session's arena, at `offset`; valid between producer and last consumer.
  case arena = 0
  /// In the file's weight section, at `offset`; read-only.
  case weights = 1
  /// In the session's state block, at `offset`; survives between runs.
  case state = 2
}

/// One tensor of the plan, 96 bytes.
public struct TensorRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 96
  public static let maxRank = 8
  /// `initial` of a state tensor that starts as zeros (as the zero point when it is quantized).
  public static let noInitialValue = UInt64.max

  /// Offset of the name in the names section.
  public var name: UInt32 = 0
  public var elementType: UInt8 = 0
  public var storage: UInt8 = 0
  public var rank: UInt8 = 0
  /// 1: the tensor is a state as a whole, under its own name; other tensors of storage `state` are
  /// views of such ones.
  public var isState: UInt8 = 0
  /// 0 when the tensor is not quantized; else real = scale * (q - zeroPoint).
  public var scale: Float = 0
  public var zeroPoint: Int32 = 0
  /// Bit i set: axis i may be smaller than `dims[i]` at run time.
  public var dynamicAxes: UInt32 = 0
  public var padding1: UInt32 = 0
  /// Upper bound per axis.
  public var dims: (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) = (
    0, 0, 0, 0, 0, 0, 0, 0
  )
  /// Per axis: 0 when constant, else 1 + the index of the expression that gives its size.
  public var expressions: (UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16, UInt16) =
    (0, 0, 0, 0, 0, 0, 0, 0)
  /// In the block that `storage` names; a multiple of 64 for arena and state, 16 for weights.
  public var offset: UInt64 = 0
  /// Product of `dims` times the element size.
  public var bytes: UInt64 = 0
  /// State tensors: offset of the initial value in the weight section, or `noInitialValue`.
  public var initial: UInt64 = TensorRecord.noInitialValue

  public init() {}

  /// The bound of one axis.
  public func dimension(_ axis: Int) -> Int {
    withUnsafeBytes(of: dims) { Int($0.load(fromByteOffset: axis &* 4, as: Int32.self)) }
  }

  /// The expression reference of one axis.
  public func expression(_ axis: Int) -> Int {
    withUnsafeBytes(of: expressions) { Int($0.load(fromByteOffset: axis &* 2, as: UInt16.self)) }
  }
}

/// One node of the plan, 32 bytes: an operator, its operands and its parameters.
public struct NodeRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 32
  /// An operand that is not there.
  public static let absent = UInt32.max

  public var opCode: UInt16 = 0
  public var inputCount: UInt8 = 0
  public var outputCount: UInt8 = 0
  /// Index of the first operand: inputs, then outputs, each a tensor index or `absent`.
  public var operandStart: UInt32 = 0
  /// In the parameters section.
  public var parameterOffset: UInt32 = 0
  public var parameterBytes: UInt32 = 0
  /// Offset of the ONNX node's name in the names section.
  public var name: UInt32 = 0
  public var padding0: UInt32 = 0
  public var padding1: UInt64 = 0

  public init() {}
}

/// Who sets the size that a `SymbolRecord` stands for.
public enum SizeSource: UInt16, Sendable {
  /// The caller: the size of an axis of an input.
  case input = 0
  /// A node, each time it runs: the size of its first result depends on data.
  case node = 1
  /// The session: 0 after a reset, and after each run the value that an expression had in it.
  case counter = 2
  /// The caller, as an option of a run: of how many in 1024 tokens stay at each elimination. The default is in
  /// `input`, the bound is 1024.
  case tokens = 3
}

/// Parts of one that `SizeSource.tokens` counts in: all tokens.
public let allTokens = 1024

/// A run-time size, at most its bound.
public struct SymbolRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 16
  /// The input (its position in the interface) or the node whose axis sets it, or the counter's
  /// expression, or the default of an option.
  public var input: UInt32 = 0
  /// The axis of that input, or of the node's first result; 0 for a counter.
  public var axis: UInt16 = 0
  /// A `SizeSource`.
  public var source: UInt16 = 0
  public var bound: Int32 = 0
  /// Offset of the symbol's name in the names section.
  public var name: UInt32 = 0

  public init() {}

  /// Whether an input (by position) or a node (by index) sets the symbol.
  public func isSet(by source: SizeSource, _ index: Int) -> Bool {
    self.source == source.rawValue && Int(input) == index
  }
}

/// Kinds of `ExpressionRecord`.
///
/// Operands of `add` and later are indices of earlier expressions.
public enum ExpressionKind: UInt32, Sendable {
  case constant = 0
  case symbol = 1
  case add = 2
  case multiply = 3
  case floorDivide = 4
  case maximum = 5
  case minimum = 6
}

/// One step of the sizes' computation: evaluated in order, once for each change of input shapes.
public struct ExpressionRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 16
  public var kind: UInt32 = 0
  public var left: Int32 = 0
  public var right: Int32 = 0
  public var padding: UInt32 = 0

  public init() {}
}

/// The model's face: tensor indices, inputs first.
///
/// The section holds `inputCount`, `outputCount`, then the indices.
public struct InterfaceRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 8
  public var inputCount: UInt32 = 0
  public var outputCount: UInt32 = 0

  public init() {}
}

/// One metadata entry: offsets of key and value in the names section; entries are sorted by key
/// bytes.
public struct MetadataRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 8
  public var key: UInt32 = 0
  public var value: UInt32 = 0

  public init() {}
}

/// What was shown of the exits' thresholds before the file was sealed: with probability `confidence` over the
/// draw of the samples, the answer that a run leaves with differs from that of the whole model on at most a
/// share `risk` of inputs of their kind.
public struct CertificateRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 88
  /// What `criterion` is where tokens leave.
  public static let ofTokens: Int32 = -1

  /// 1: the class of the answer (of dense answers, the share of places) differs from that at full depth.
  public var loss: UInt32 = 1
  /// The `ExitCriterion` of every exit; 0 when blocks are skipped, and the threshold is their number; `ofTokens` when it is
  /// the part of the tokens that stays.
  public var criterion: Int32 = 0
  /// The threshold of every exit, and the grid it was walked on from its strictest value.
  public var threshold: Float = 0
  public var gridFirst: Float = 0
  public var gridStep: Float = 0
  public var gridCount: UInt32 = 0
  public var risk: Float = 0
  public var confidence: Float = 0
  public var samples: UInt32 = 0
  /// Mean loss at the threshold on the samples.
  public var disagreement: Float = 0
  /// Largest probability of so few losses if the risk were larger.
  public var pValue: Float = 0
  /// Share of the cost of a run at full depth that was saved on the samples.
  public var saved: Float = 0
  /// SHA-256 of the samples.
  public var data0: UInt64 = 0
  public var data1: UInt64 = 0
  public var data2: UInt64 = 0
  public var data3: UInt64 = 0
  public var padding: UInt64 = 0

  public init() {}
}
