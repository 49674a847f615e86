/// How a long sound becomes frames for a model that keeps its state from run to run: the keys
/// `stream.*`.
public struct FrameRule: Sendable {
  /// New samples of every frame.
  public let frame: Int
  /// Samples of the frame before that stand in front of the new ones; zeros before the first frame.
  public let context: Int

  init?(_ metadata: MetadataReader) throws(SampleError) {
    guard let frame = try metadata.integer("stream.frame") else { return nil }
    self.frame = frame
    context = Int(try metadata.number("stream.context", default: 0, in: 0...1e6))
  }
}

/// The frames of a sound, one after the other; zeros fill the last one.
public struct FrameStream: Sendable {
  /// One frame.
  public struct Frame: Sendable {
    /// The model's input.
    public let tensor: SampleTensor
    /// When its new samples begin and end, in seconds; zeros after the sound not counted.
    public let start, end: Double
  }

  /// Length of the sound.
  public var seconds: Double { Double(samples.count) / Double(rate) }
  /// Number of frames.
  public let count: Int

  private let samples: [Float]
  private let rate: Int
  private let rule: FrameRule
  private let shape: [Int]

  /// The frames of a sound that the input takes.
  ///
  /// - Throws: an error when a frame does not have the input's size.
  init(
    _ sound: Waveform, rule: FrameRule, for input: InputDescription
  ) throws(SampleError) {
    guard input.elementCount == rule.context + rule.frame else {
      throw SampleError(
        "the model's input '" + input.name + "' of shape " + input.boundText
          + " does not hold 'stream.context' and 'stream.frame' samples: convert the model again "
          + "with a right `edgeconv convert --preprocess FILE.json`")
    }
    samples = sound.samples
    rate = sound.rate
    count = (samples.count + rule.frame - 1) / rule.frame
    self.rule = rule
    shape = input.shape
  }

  /// The frame at an index below `count`.
  public subscript(index: Int) -> Frame {
    let start = index * rule.frame
    let end = start + rule.frame
    var values = [Float](repeating: 0, count: rule.context + rule.frame)
    for place in max(0, start - rule.context)..<min(end, samples.count) {
      values[place - start + rule.context] = samples[place]
    }
    return Frame(
      tensor: SampleTensor(shape: shape, floats: values), start: Double(start) / Double(rate),
      end: Double(min(end, samples.count)) / Double(rate))
  }
}
