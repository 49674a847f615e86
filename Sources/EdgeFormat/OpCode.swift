/// Operators of the plan.
///
/// This registry is the one list of codes and names: the runtime's `OperatorTable` switches over it
/// without `default`, and `docs/operators.md` is generated from it.
public enum OpCode: UInt16, CaseIterable, Sendable {
  // Dense linear algebra.
  case convolution = 1
  case depthwise = 2
  case matmul = 3
  case attention = 4
  case linear = 5
  // Windows.
  case maxPool = 10
  case averagePool = 11
  case resizeNearest = 12
  case resizeLinear = 13
  case gridSample = 14
  case roiAlign = 15
  // Elementwise.
  case unary = 20
  case lookup = 21
  case binary = 22
  case quantize = 23
  case dequantize = 24
  case cast = 25
  case compare = 26
  case select = 27
  // Along axes.
  case reduce = 30
  case softmax = 31
  case argReduce = 33
  case cumulative = 32
  case normalize = 34
  // Movement.
  case transpose = 40
  case concat = 41
  case slice = 42
  case pad = 43
  case copy = 44
  case gather = 45
  case broadcast = 46
  case gatherND = 47
  case gatherElements = 48
  case scatterND = 49
  case scatterElements = 51
  // Selections.
  case topK = 55
  case nonZero = 56
  case nonMaxSuppression = 57
  case unique = 58
  // Signals.
  case stft = 50
  case dft = 52
  // Control.
  case exit = 60
  case skip = 61
  case keepTokens = 62
  // Recurrence.
  case lstm = 70
  case gru = 71
  case rnn = 72

  /// Stable name, as in profiles and reports.
  public var name: StaticString {
    switch self {
    case .convolution: "convolution"
    case .depthwise: "depthwise"
    case .matmul: "matmul"
    case .attention: "attention"
    case .linear: "linear"
    case .maxPool: "max_pool"
    case .averagePool: "average_pool"
    case .resizeNearest: "resize_nearest"
    case .resizeLinear: "resize_linear"
    case .gridSample: "grid_sample"
    case .roiAlign: "roi_align"
    case .unary: "unary"
    case .lookup: "lookup"
    case .binary: "binary"
    case .quantize: "quantize"
    case .dequantize: "dequantize"
    case .cast: "cast"
    case .compare: "compare"
    case .select: "select"
    case .reduce: "reduce"
    case .softmax: "softmax"
    case .argReduce: "arg_reduce"
    case .cumulative: "cumulative"
    case .normalize: "normalize"
    case .transpose: "transpose"
    case .concat: "concat"
    case .slice: "slice"
    case .pad: "pad"
    case .copy: "copy"
    case .gather: "gather"
    case .broadcast: "broadcast"
    case .gatherND: "gather_nd"
    case .gatherElements: "gather_elements"
    case .scatterND: "scatter_nd"
    case .scatterElements: "scatter_elements"
    case .topK: "top_k"
    case .nonZero: "non_zero"
    case .nonMaxSuppression: "non_max_suppression"
    case .unique: "unique"
    case .stft: "stft"
    case .dft: "dft"
    case .exit: "exit"
    case .skip: "skip"
    case .keepTokens: "keep_tokens"
    case .lstm: "lstm"
    case .gru: "gru"
    case .rnn: "rnn"
    }
  }

  /// Whether the size of the first result depends on data, so that the node can set a symbol.
  public var findsSize: Bool {
    self == .nonZero || self == .nonMaxSuppression || self == .unique
  }
}
