/// How a sound becomes a model's input tensor: samples in -1...1 along the input's last axis, or
/// features of them, or frame after frame.
public struct AudioPreprocessing: Sendable {
  /// What happens to sounds of another length.
  public enum Length: Int, Sendable {
    /// Zeros are appended, or the end is cut off.
    case pad = 0
    /// Refused.
    case strict = 1
  }

  /// What happens to sounds of another rate.
  public enum Resampling: Int, Sendable {
    /// Refused.
    case refuse = 0
    /// Changed to the model's rate by a windowed sinc.
    case sinc = 1
  }

  /// What samples are divided by.
  enum Normalization: Int, Sendable {
    case none = 0
    /// The greatest of them.
    case maximum = 1
  }

  /// Samples per second the model wants; nil: not stated, any rate is taken.
  public var rate: Int?
  /// What happens to sounds of another length.
  public var length: Length
  /// What happens to sounds of another rate.
  public var resampling: Resampling
  var normalization = Normalization.none
  /// Features that the model takes in place of samples.
  var features: MelFeatures?
  /// How a sound is cut into frames; nil: it is one input.
  public internal(set) var frames: FrameRule?

  /// Creates a rule.
  public init(rate: Int?, length: Length = .pad, resampling: Resampling = .refuse) {
    self.rate = rate
    self.length = length
    self.resampling = resampling
  }

  /// Reads the keys `audio.*`, `mel.*` and `stream.*`.
  init(_ metadata: MetadataReader) throws(SampleError) {
    self.init(rate: try metadata.integer("audio.rate"))
    let length = try metadata.choice("audio.length", ["pad", "strict"])
    let resampling = try metadata.choice("audio.resample", ["refuse", "sinc"])
    let normalization = try metadata.choice("audio.normalize", ["none", "maximum"])
    self.length = length.flatMap { Length(rawValue: $0) } ?? .pad
    self.resampling = resampling.flatMap { Resampling(rawValue: $0) } ?? .refuse
    self.normalization = normalization.flatMap { Normalization(rawValue: $0) } ?? .none
    switch try metadata.choice("audio.features", ["samples", "log-mel", "mfcc"]) {
    case 1: features = try MelFeatures(metadata, isCepstral: false)
    case 2: features = try MelFeatures(metadata, isCepstral: true)
    default: features = nil
    }
    frames = try FrameRule(metadata)
  }

  /// Makes the float32 tensor of `input` from a sound; `path` begins error messages.
  ///
  /// On a dynamic time axis a shorter sound keeps its own length.
  public func tensor(
    from sound: Waveform, for input: InputDescription, path: String
  ) throws(SampleError) -> SampleTensor {
    let sound = try atModelRate(sound, path: path)
    let axis = input.shape.count - (features == nil ? 1 : 2)
    guard axis >= 0, input.shape[..<axis].allSatisfy({ $0 == 1 }) else {
      throw SampleError(
        "the model's input '" + input.name + "' of shape " + input.boundText + " does not take "
          + (features == nil ? "raw samples" : "frames of features")
          + ": give it `.npy` or `.npz` files")
    }
    var shape = input.shape
    let bound = features?.sampleCount(frames: shape[axis]) ?? shape[axis]
    var count = bound
    if sound.samples.count != bound {
      let own = features?.frameCount(samples: sound.samples.count) ?? sound.samples.count
      if input.isDynamic(axis), own > 0, own < shape[axis] {
        shape[axis] = own
        count = features?.sampleCount(frames: own) ?? own
      } else if length == .strict {
        throw SampleError(
          path + ": has " + String(sound.samples.count) + " samples, the model wants "
            + (input.isDynamic(axis) ? "1 to " : "exactly ") + String(bound)
            + ": cut or pad it, for example with `sox " + path + " out.wav trim 0s " + String(bound)
            + "s`")
      }
    }
    let samples = scaled(sound.samples)
    guard let features else {
      let silence = [Float](repeating: 0, count: max(0, count - samples.count))
      return SampleTensor(shape: shape, floats: samples.prefix(count).map { Float($0) } + silence)
    }
    let silence = [Double](repeating: 0, count: max(0, count - samples.count))
    let values = features.features(
      of: samples.prefix(count) + silence, rate: sound.rate, width: shape[axis + 1])
    return SampleTensor(shape: shape, floats: values)
  }

  /// Cuts a sound into frames of `input`; `path` begins error messages.
  func stream(
    of sound: Waveform, rule: FrameRule, for input: InputDescription, path: String
  ) throws(SampleError) -> FrameStream {
    let sound = try atModelRate(sound, path: path)
    let scaled = Waveform(rate: sound.rate, samples: scaled(sound.samples).map { Float($0) })
    return try FrameStream(scaled, rule: rule, for: input)
  }

  private func atModelRate(_ sound: Waveform, path: String) throws(SampleError) -> Waveform {
    guard let rate, sound.rate != rate else { return sound }
    if resampling == .sinc { return Resampler().resampled(sound, to: rate) }
    throw SampleError(
      path + ": has " + String(sound.rate) + " samples per second, the model wants "
        + String(rate) + ": let edgerun change the rate with --resample, or do it yourself, for "
        + "example with `sox " + path + " -r " + String(rate) + " out.wav`")
  }

  private func scaled(_ samples: [Float]) -> [Double] {
    let wide = samples.map { Double($0) }
    let greatest = wide.max() ?? 0
    return normalization == .maximum && greatest != 0 ? wide.map { $0 / greatest } : wide
  }
}
