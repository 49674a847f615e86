/// What a conversion did, why, and what it cost: the content of `--report` and `--json`.
public struct ConversionReport: Codable, Sendable {
  /// One node of the graph that was emitted.
  public struct Layer: Codable, Sendable {
    public var name: String
    public var op: String
    /// "int8" or "f32".
    public var precision: String
    /// Why the node is not INT8; empty when it is.
    public var reason: String
    /// The first result's shape in the model's axis order, as text.
    public var shape: String
    /// How the result is stored: "int8" or "f32".
    public var stored: String
    public var weightBytes: Int
    /// What is kept of block-sparse weights; nil when the kernel reads dense ones.
    public var blocks: EmittedFile.Blocks?
    public var range: Range?
    /// Signal to noise ratio of the result in the whole converted model, in dB; nil when it was not measured or is exact.
    public var sqnr: Double?
    /// The same with everything before this layer in float: the rounding of its operands, weights and result alone.
    public var sqnrAlone: Double?
    /// SQNR of the model's outputs with this layer in float, in dB, for the layers that promise most.
    public var outputSQNRInFloat: Double?
    /// Kernels that the runtime chose for it on the machine of the conversion.
    public var kernel: String?
    /// Shortest of a few runs of it there, one thread.
    public var microseconds: Double?
  }

  /// How a result's INT8 range came about.
  public struct Range: Codable, Sendable {
    public var observer: String
    public var low: Float
    public var high: Float
    public var scale: Float
    public var zeroPoint: Int32
    /// Part of the calibration values outside the range.
    public var clipped: Double
    /// Expected from the calibration histogram, of this rounding alone; nil when it is exact.
    public var expectedSQNR: Double?
    public var outlierRatio: Double
    /// Values that share the scale because the elements move between them.
    public var sharedBy: Int
  }

  /// Bytes of the file and of a session.
  public struct Memory: Codable, Sendable {
    public var fileBytes = 0
    public var weightBytes = 0
    public var arenaBytes = 0
    /// Largest sum of simultaneously live activations: what no plan can beat.
    public var arenaLowerBound = 0
    public var stateBytes = 0
    /// Per thread.
    public var scratchBytes = 0
    /// Of a session with one thread.
    public var sessionBytes = 0
  }

  /// One node of the plan while it runs.
  public struct ArenaStep: Codable, Sendable {
    public var name: String
    /// Bytes of the tensors in the arena that hold something needed now or later.
    public var liveBytes: Int
  }

  /// How near two halves of the calibration samples come to each other.
  public struct Stability: Codable, Sendable {
    /// Samples of each half.
    public var samples: [Int]
    /// Difference of the two ranges of a value over the wider one: the median, and the largest with its value.
    public var medianDifference: Double
    public var largestDifference: Double
    public var largestAt: String
    /// Signal to noise between the outputs of the two files, in dB; nil when they are equal.
    public var sqnr: Double?
  }

  /// The samples of a run.
  public struct Data: Codable, Sendable {
    public var path: String
    public var samples: Int
    public var sha256: String
  }

  /// Something to look at, with what to do about it.
  public struct Warning: Codable, Sendable, Equatable {
    public var text: String
    public var remedy: String
    /// A command that applies the remedy, to be typed as it stands.
    public var command: String?

    public init(_ text: String, remedy: String, command: String? = nil) {
      self.text = text
      self.remedy = remedy
      self.command = command
    }
  }

  public var converter: String
  public var source: String
  public var sourceSHA256: String
  public var output: String
  public var precision: String
  public var options: [String: String]
  public var calibration: Data?
  public var validation: Data?
  public var memory: Memory
  public var layers: [Layer]
  public var accuracy: AccuracyComparison?
  public var warnings: [Warning]
  /// What its early exits do.
  public var exits: ExitReport?
  /// The ways of converting that were tried.
  public var tuning: TuningReport?
  /// What leaving tokens does.
  public var tokens: TokenReport?
  /// What skipping its blocks does.
  public var skips: SkipReport?
  /// What a session keeps between runs.
  public var states: [EmittedFile.StateSummary] = []
  /// What was found in the model and decided without being asked.
  public var notes: [String] = []
  /// What was tried to come nearer to the reference and kept, in order, with the result on calibration samples.
  public var steps: [String] = []
  /// SQNR of the outputs on calibration samples, in dB; nil when exact or not measured.
  public var outputSQNR: Double?
  public var stability: Stability?
  /// Use of the arena over the plan.
  public var timeline: [ArenaStep] = []

  /// Nodes that run in INT8.
  public var int8Count: Int { layers.count { $0.precision != Precision.float32.rawValue } }

  /// Float nodes by reason, most frequent first.
  public var floatReasons: [(reason: String, count: Int)] {
    let float = layers.filter { $0.precision == Precision.float32.rawValue }
    return Dictionary(grouping: float, by: \.reason).map { ($0.key, $0.value.count) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }
}
