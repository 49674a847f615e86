// Parameters of nodes, stored as they lie in memory: fields of 4 bytes, little-endian, no padding.
// Tensor operands are listed in each comment, inputs first; "?" marks one that may be absent.
// Shapes are those of the stored tensors (NHWC for images); the converter has solved layouts,
// broadcasts of constants and negative axes.

/// `convolution`, `depthwise`.
///
/// x `[N, H, W, C]`, weights (packed), y `[N, OH, OW, M]`. int8: x, weights, bias, biasU8,
/// multiplier, residual?, table? → y. float: x, weights, bias, absent, absent, residual? → y. A
/// fully connected layer is a 1x1 convolution over x `[1, 1, rows, C]`. Packed weights of groups
/// follow each other; bias and multiplier vectors are padded to 16 per group. A depthwise node has
/// as many groups as channels and vectors padded once. The epilogue is `edge_epilogue` of
/// `edge_kernels.h`. Two more operands of a convolution in int8, or of `linear`, starts and columns, say that weights are
/// block-sparse (`edge_sparse`).
public struct ConvolutionParameters: BitwiseCopyable, Sendable {
  public var kernelHeight: Int32 = 1
  public var kernelWidth: Int32 = 1
  public var strideHeight: Int32 = 1
  public var strideWidth: Int32 = 1
  public var dilationHeight: Int32 = 1
  public var dilationWidth: Int32 = 1
  public var padTop: Int32 = 0
  public var padLeft: Int32 = 0
  public var padBottom: Int32 = 0
  public var padRight: Int32 = 0
  public var groups: Int32 = 1
  /// Negative slope of a fused LeakyReLU, applied before the residual; 1 when there is none.
  public var slope: Float = 1
  public var residualMultiplier: Float = 0
  /// Clamp of an int8 output, on q.
  public var low: Int32 = -128
  public var high: Int32 = 127
  /// Clamp of a float output.
  public var lowFloat: Float = -.infinity
  public var highFloat: Float = .infinity
  /// With a table: zero point of the codes that the table takes; `low` and `high` clamp those
  /// codes.
  public var tableZero: Int32 = 0

  public init() {}
}

/// `matmul` (float).
///
/// a `[..., M, K]`, b `[..., K, N]` (or transposed), y `[..., M, N]`; equal ranks, batch axes
/// broadcast.
public struct MatmulParameters: BitwiseCopyable, Sendable {
  public var transposeA: Int32 = 0
  public var transposeB: Int32 = 0

  public init() {}
}

/// `attention` (float): q `[B, T, H, D]`, k `[B, S, H, D]`, v `[B, S, H, E]`, mask? `[..., S]` that broadcasts to
/// `[B, H, T, S]` → y `[B, T, H, E]`: softmax(q k' * scale + mask) v for every head, as `edge_attention`.
public struct AttentionParameters: BitwiseCopyable, Sendable {
  public var scale: Float = 1
  /// 1: products of int8 codes, made of the operands as they come.
  public var isInt8: Int32 = 0
  /// Bits 0 to 3: heads of q, k, v, y come before rows, as `[B, H, T, D]`.
  public var headsFirst: Int32 = 0

  public init() {}
}

/// `linear`: x `[rows, K]`, weights (int8, packed as a convolution's), sums (int32), multiplier, offset,
/// bias, factor? `[K]`, residual? `[rows, N]` → y `[rows, N]`, as `edge_linear`.
///
/// What has no type here is float32. Sums are 128 times those of a channel's weights; vectors of channels are padded
/// to 16. A function of kind 0 is none.
public struct LinearParameters: BitwiseCopyable, Sendable {
  public var function = UnaryParameters()

  public init() {}
}

/// `maxPool`, `averagePool`.
///
/// x `[N, H, W, C]` → y `[N, OH, OW, C]`.
public struct PoolParameters: BitwiseCopyable, Sendable {
  public var kernelHeight: Int32 = 1
  public var kernelWidth: Int32 = 1
  public var strideHeight: Int32 = 1
  public var strideWidth: Int32 = 1
  public var dilationHeight: Int32 = 1
  public var dilationWidth: Int32 = 1
  public var padTop: Int32 = 0
  public var padLeft: Int32 = 0
  public var padBottom: Int32 = 0
  public var padRight: Int32 = 0
  /// 1: the average divides by the whole window, padding included.
  public var countIncludePad: Int32 = 0

  public init() {}
}

/// `resizeNearest`: x `[N, H, W, C]`, rows `[OH]`, columns `[OW]` (int32 source indices) → y `[N,
/// OH, OW, C]`. `resizeLinear`: x, row0, row1 (int32), rowWeight (float32, of row1), column0,
/// column1, columnWeight → y. Neither has parameters; int8 x and y share scale and zero point. H,
/// W, OH, OW are never dynamic.

/// `gridSample` (float): x `[N, H, W, C]` or `[N, D, H, W, C]`, grid `[N, out..., 2 or 3]` (the last
/// axis' coordinate first) → y `[N, out..., C]`; codes are those of `edge_grid_sample`.
public struct GridSampleParameters: BitwiseCopyable, Sendable {
  public var mode: Int32 = 0
  public var padding: Int32 = 0
  public var coordinates: Int32 = 0

  public init() {}
}

/// `roiAlign` (float): x `[N, H, W, C]`, regions `[R, 4]` (x0, y0, x1, y1), images `[R]` (int32 or
/// int64) → y `[R, OH, OW, C]`; as `edge_roi_align`.
public struct RoiAlignParameters: BitwiseCopyable, Sendable {
  public var samples: Int32 = 0
  public var isMax: Int32 = 0
  public var scale: Float = 1
  public var offset: Float = 0

  public init() {}
}

/// `unary` (float): `kind` is an `EDGE_UNARY_*` code of `edge_kernels.h`.
///
/// x → y of the same shape.
public struct UnaryParameters: BitwiseCopyable, Sendable {
  public var kind: Int32 = 0
  public var alpha: Float = 0
  public var beta: Float = 0

  public init() {}
}

/// `binary`: `kind` is an `EDGE_BINARY_*` code.
///
/// a, b → y; axes of size 1 broadcast. Quantized int8 (add, sub, mul): multipliers as
/// `edge_binary_s8` (b's is negative for sub), clamp on q. float: up to fmod. Integers, bool: all.
public struct BinaryParameters: BitwiseCopyable, Sendable {
  public var kind: Int32 = 0
  public var aMultiplier: Float = 0
  public var bMultiplier: Float = 0
  public var low: Int32 = -128
  public var high: Int32 = 127

  public init() {}
}

/// `compare`: `kind` is an `EDGE_COMPARE_*` code; a, b → y (bool), broadcasting as `binary`.
///
/// `select` has no parameters: condition (bool), a, b → y of any type, broadcasting.
public struct CompareParameters: BitwiseCopyable, Sendable {
  public var kind: Int32 = 0

  public init() {}
}

/// `cumulative`: x → y; `kind` is `EDGE_BINARY_ADD` or `EDGE_BINARY_MUL`.
///
/// `exclusive` leaves an element out of its own sum; `reverse` begins at the end of the axis.
public struct CumulativeParameters: BitwiseCopyable, Sendable {
  public var kind: Int32 = 0
  public var axis: Int32 = 0
  public var exclusive: Int32 = 0
  public var reverse: Int32 = 0

  public init() {}
}

/// `reduce`: `kind` is an `EDGE_REDUCE_*` code over `axisCount` neighbouring axes from `axis`; y
/// has them as 1 or dropped.
///
/// float all kinds; int64 all but mean; int8 mean, max and min.
public struct ReduceParameters: BitwiseCopyable, Sendable {
  public var kind: Int32 = 0
  public var axis: Int32 = 0
  public var axisCount: Int32 = 1

  public init() {}
}

/// `normalize` (float): x `[..., n]`, scale? `[n]`, shift? `[n]` → y: x or its distance to its mean,
/// over the root of its mean square plus `epsilon`, as `edge_normalize` says.
public struct NormalizeParameters: BitwiseCopyable, Sendable {
  public var epsilon: Float = 0
  /// 1: the mean is taken off first.
  public var isCentred: Int32 = 0

  public init() {}
}

/// `argReduce`: x (float32, int8, int64) → y (int64), positions along `axis`, which y has as 1 or
/// dropped, of the largest (`kind` EDGE_REDUCE_MAX) or least element (EDGE_REDUCE_MIN).
public struct ArgReduceParameters: BitwiseCopyable, Sendable {
  public var kind: Int32 = 0
  public var axis: Int32 = 0
  /// 1: of equals the last, else the first.
  public var isLast: Int32 = 0

  public init() {}
}

/// `transpose`: axis i of y is axis `permutation[i]` of x.
///
/// `concat`: inputs... → y along `axis`; all of one type and quantization. `softmax` works on the
/// last axis and has no parameters, nor have `lookup` (x, table → y), `quantize`, `dequantize`,
/// `cast`, `copy` (same bytes, any shape), `broadcast` (x → y, axes of size 1 repeat).
public struct TransposeParameters: BitwiseCopyable, Sendable {
  public var permutation: (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) =
    (0, 1, 2, 3, 4, 5, 6, 7)

  public init() {}
}

/// `concat`.
public struct ConcatParameters: BitwiseCopyable, Sendable {
  public var axis: Int32 = 0

  public init() {}
}

/// `slice`: y[i] = x[start + i * step] per axis; the extent is y's shape.
///
/// Starts are 0 or more; a negative start counts from the end of a dynamic axis (-1 is the last
/// element).
public struct SliceParameters: BitwiseCopyable, Sendable {
  public var start: (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) = (
    0, 0, 0, 0, 0, 0, 0, 0
  )
  public var step: (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) = (
    1, 1, 1, 1, 1, 1, 1, 1
  )

  public init() {}
}

/// How `pad` fills.
public enum PadMode: Int32, Sendable {
  case constant = 0
  case reflect = 1
  case edge = 2
  case wrap = 3
}

/// `pad`: `before` elements in front of each axis (never negative); what follows is y's shape less
/// x's.
public struct PadParameters: BitwiseCopyable, Sendable {
  public var mode: Int32 = 0
  /// Bits of the constant, in the low bytes, of the tensor's element type (int64: sign-extended).
  public var value: Int32 = 0
  public var before: (Int32, Int32, Int32, Int32, Int32, Int32, Int32, Int32) = (
    0, 0, 0, 0, 0, 0, 0, 0
  )

  public init() {}
}

/// `gather`: data, indices (int32 or int64; negative counts from the end) → y, along `axis`.
///
/// `gatherElements`: data, indices of the same rank → y of the indices' shape. `gatherND`: data,
/// indices `[..., depth]` → y, a row for each tuple; here `axis` counts the leading axes that data
/// and indices share (ONNX `batch_dims`).
public struct GatherParameters: BitwiseCopyable, Sendable {
  public var axis: Int32 = 0

  public init() {}
}

/// How a scatter writes: the update alone, or what it makes with the element before.
public enum ScatterReduction: Int32, Sendable {
  case none = 0
  case add = 1
  case multiply = 2
  case maximum = 3
  case minimum = 4
}

/// `scatterElements`: data, indices, updates → y along `axis`.
///
/// `scatterND`: data, indices `[..., depth]`, updates → y; it has no axis. Equal indices write one
/// after the other.
public struct ScatterParameters: BitwiseCopyable, Sendable {
  public var axis: Int32 = 0
  /// A `ScatterReduction`; `none` for any type, all for float32, int32 and int64, the extremes also
  /// for int8.
  public var reduction: Int32 = 0

  public init() {}
}

/// `nonZero`: x `[...]` of rank R, 1 or more → indices (int64) `[R, count]` of the elements that are
/// not 0, in row-major order.
///
/// The count is the size that the node sets. No parameters.

/// `topK`: x `[..., N]` → values `[..., K]`, indices (int64) `[..., K]`, in order.
public struct TopKParameters: BitwiseCopyable, Sendable {
  /// 1: the largest first; 0: the smallest first.
  public var largest: Int32 = 1

  public init() {}
}

/// `nonMaxSuppression` (float): boxes `[B, N, 4]`, scores `[B, C, N]` → chosen (int64 `[count, 3]`):
/// batch, class, box.
///
/// The count is the size that the node sets.
public struct NonMaxSuppressionParameters: BitwiseCopyable, Sendable {
  /// Most boxes of a batch and class.
  public var mostBoxes: Int32 = 0
  /// Overlap above which the box of the lower score is left out.
  public var overlapThreshold: Float = 0
  /// Boxes whose scores are not above it are left out.
  public var scoreThreshold: Float = -.infinity
  /// 0: a box is y1, x1, y2, x2; 1: x and y of its centre, width, height.
  public var isCentered: Int32 = 0

  public init() {}
}

/// `unique`: x `[N, L]` → first (int64 `[count]`), number (int64 `[N]`), counts (int64 `[count]`):
/// which row is the first of its like, which of them each row is like, and how many there are.
///
/// The count is the size that the node sets.
public struct UniqueParameters: BitwiseCopyable, Sendable {
  /// 1: different rows in ascending order; 0: in the order of their first appearance.
  public var sorted: Int32 = 1

  public init() {}
}

/// `stft` (float): x `[N, L]`, window `[frameLength]`, twiddles `[frameLength, 2]` → y `[N, frames,
/// frameLength/2+1, 2]`.
public struct STFTParameters: BitwiseCopyable, Sendable {
  public var frameLength: Int32 = 0
  public var frameStep: Int32 = 0

  public init() {}
}

/// `lstm`, `gru`, `rnn` (float, with float or int8 weights): operands at `Recurrent` of the runtime.
///
/// Activations by direction, three places each: f (gates), g (candidate), h (output of an LSTM).
public struct RecurrentParameters: BitwiseCopyable, Sendable {
  /// Bit d: direction d walks from the last step to the first.
  public var reversed: Int32 = 0
  /// 1: a GRU's reset gate applies to the recurrent product, 0: to the state before it.
  public var linearBeforeReset: Int32 = 0
  /// 1: an LSTM's forget gate is one less the input gate.
  public var inputForget: Int32 = 0
  /// Activations see values within -clip...clip; infinite when they see all.
  public var clip: Float = .infinity
  public var activations:
    (
      UnaryParameters, UnaryParameters, UnaryParameters, UnaryParameters, UnaryParameters,
      UnaryParameters
    )

  /// - Parameter activation: the one that stands in all places.
  public init(activation: UnaryParameters) {
    activations = (activation, activation, activation, activation, activation, activation)
  }

  /// The activation at a place.
  public func activation(_ place: Int) -> UnaryParameters {
    withUnsafeBytes(of: activations) {
      $0.load(
        fromByteOffset: place &* MemoryLayout<UnaryParameters>.stride, as: UnaryParameters.self)
    }
  }
}
/// `dft` (float): x `[..., L, 1 or 2]`, twiddles `[L, 2]` → y `[..., L, 2]`, or `[..., L / 2 + 1, 2]`
/// of a real x; no parameters.

/// How an exit measures certainty: each is larger the surer its head is, and 0 to 1 but for patience.
public enum ExitCriterion: Int32, CaseIterable, Sendable {
  /// Largest softmax probability p(1).
  case confidence = 1
  /// p(1) - p(2).
  case margin = 2
  /// 1 - H(p) / ln(classes).
  case entropy = 3
  /// How many exits in a row, this one included, gave the same class as the one before (PABEE).
  case patience = 4
  /// Sum over the exits so far of lambda_l times the product of 1 - lambda_j, j < l (PALBERT).
  case qExit = 5
}

/// `exit`: scores `[..., classes]` (float or int8), lambda? (float, one element) → nothing.
///
/// The `headNodes` before it serve it alone and are left out at full depth; the `tailNodes` after it run only
/// when certainty reaches `threshold`, write every output of the model, and end the run. Certainty is that of
/// softmax(scores / temperature), its mean over rows.
public struct ExitParameters: BitwiseCopyable, Sendable {
  /// 1 for the first exit of the plan, and so on.
  public var number: Int32 = 1
  /// An `ExitCriterion`.
  public var criterion: Int32 = ExitCriterion.confidence.rawValue
  /// Infinite for an exit that is taken only where a run asks for it.
  public var threshold: Float = .infinity
  public var temperature: Float = 1
  public var headNodes: Int32 = 0
  public var tailNodes: Int32 = 0

  public init() {}
}

/// `skip`: nothing → nothing; says whether the `blockNodes` after it run.
///
/// A run that skips the block runs the `bypassNodes` behind it in its place, which write what the block writes; any
/// other run leaves those out.
public struct SkipParameters: BitwiseCopyable, Sendable {
  /// Place of the block in the order of skipping, from 0: a run that skips n blocks skips those below n.
  public var rank: Int32 = 0
  public var blockNodes: Int32 = 0
  public var bypassNodes: Int32 = 0
  /// Blocks that a run skips unless it says otherwise; the same in every skip of the plan.
  public var standard: Int32 = 0

  public init() {}
}
