/// How a sound becomes a model's input tensor: samples in -1...1 along the input's last axis.
public struct AudioPreprocessing: Sendable {
  /// What happens to sounds of another length.
  public enum Length: Int, Sendable {
    /// Zeros are appended, or the end is cut off.
    case pad = 0
    /// Refused.
    case strict = 1
  }

  /// Samples per second the model wants; nil: not stated, any rate is taken.
  public var rate: Int?
  /// What happens to sounds of another length.
  public var length: Length

  /// Creates a rule.
  public init(rate: Int?, length: Length = .pad) {
    self.rate = rate
    self.length = length
  }

  /// Reads the keys `audio.*`.
  init(_ metadata: MetadataReader) throws(SampleError) {
    self.init(
      rate: try metadata.integer("audio.rate"),
      length: try metadata.choice("audio.length", ["pad", "strict"]) == 1 ? .strict : .pad)
  }

  /// Makes the float32 tensor of `input` from a sound; `path` begins error messages.
  ///
  /// On a dynamic last axis a shorter sound keeps its own length.
  public func tensor(
    from sound: Waveform, for input: InputDescription, path: String
  ) throws(SampleError) -> SampleTensor {
    if let rate, sound.rate != rate {
      throw SampleError(
        path + ": has " + String(sound.rate) + " samples per second, the model wants "
          + String(rate) + ": resample it, for example with `sox " + path + " -r " + String(rate)
          + " out.wav`")
    }
    guard let bound = input.shape.last, input.elementCount == bound else {
      throw SampleError(
        "the model's input '" + input.name + "' of shape " + input.boundText
          + " does not take raw samples: give it `.npy` or `.npz` files of computed features")
    }
    let isDynamic = input.isDynamic(input.shape.count - 1)
    var count = bound
    if sound.samples.count != bound {
      if isDynamic && sound.samples.count < bound && sound.samples.count > 0 {
        count = sound.samples.count
      } else if length == .strict {
        throw SampleError(
          path + ": has " + String(sound.samples.count) + " samples, the model wants "
            + (isDynamic ? "1 to " : "exactly ") + String(bound)
            + ": cut or pad it, for example with `sox " + path + " out.wav trim 0s " + String(bound)
            + "s`")
      }
    }
    var values = [Float](sound.samples.prefix(count))
    values.append(contentsOf: [Float](repeating: 0, count: count - values.count))
    var shape = input.shape
    shape[shape.count - 1] = count
    return SampleTensor(shape: shape, floats: values)
  }
}
