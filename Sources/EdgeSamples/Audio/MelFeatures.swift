import CEdgeHost

/// Mel-frequency features of a sound: the keys `mel.*`.
///
/// Frames under a periodic Hann window, magnitudes of their Fourier transform, triangular bands
/// equally wide in HTK's mel scale `1127 * ln(1 + f / 700)`, `ln(band + floor)`, and for cepstral
/// coefficients a DCT-II, `2 * sum * cos / sqrt(2 * bands)`: TensorFlow's
/// `tf.signal.mfccs_from_log_mel_spectrograms`.
struct MelFeatures: Sendable {
  /// Samples under the window, and from one window to the next.
  let window, hop: Int
  /// Length of the Fourier transform, a power of two.
  let transform: Int
  /// Number of mel bands and the frequencies in Hz between which they lie.
  let bands: Int
  let low, high: Double
  /// Added to a band before its logarithm.
  let floor: Double
  /// Whether the logarithms of the bands are turned into cepstral coefficients.
  let isCepstral: Bool

  init(_ metadata: MetadataReader, isCepstral: Bool) throws(SampleError) {
    window = try metadata.integer("mel.window") ?? 480
    hop = try metadata.integer("mel.hop") ?? 320
    transform = try metadata.integer("mel.fft") ?? 512
    bands = try metadata.integer("mel.bands") ?? 40
    low = try metadata.number("mel.low", default: 20, in: 0...1e6)
    high = try metadata.number("mel.high", default: 4_000, in: 1...1e6)
    floor = try metadata.number("mel.floor", default: 1e-6, in: 0...1)
    self.isCepstral = isCepstral
    guard transform <= 65_536, transform & (transform - 1) == 0, window <= transform,
      bands <= transform, low < high
    else {
      throw SampleError(
        "the model's metadata 'mel.*' does not fit together: mel.fft is a power of two up to 65536, "
          + "not below mel.window and mel.bands, and mel.low is below mel.high: convert the model "
          + "again with a right `edgeconv convert --preprocess FILE.json`")
    }
  }

  /// How many samples `frames` frames cover.
  func sampleCount(frames: Int) -> Int { (frames - 1) * hop + window }

  /// How many whole frames lie in so many samples.
  func frameCount(samples: Int) -> Int { samples < window ? 0 : (samples - window) / hop + 1 }

  /// The first `width` features of every frame, frame by frame; `samples` has whole frames.
  func features(of samples: [Double], rate: Int, width: Int) -> [Float] {
    let spectrum = FourierTransform(count: transform)
    let bank = bandWeights(rate: rate)
    let cosines = cosineTable(width: width)
    let shape = (0..<window).map {
      0.5 - 0.5 * edge_cli_cos(2 * Double.pi * Double($0) / Double(window))
    }
    var features: [Float] = []
    for frame in 0..<frameCount(samples: samples.count) {
      let start = frame * hop
      let magnitudes = spectrum.magnitudes((0..<window).map { samples[start + $0] * shape[$0] })
      let levels = bank.map { band in
        var sum = floor
        for (index, weight) in band.weights.enumerated() {
          sum += weight * magnitudes[band.first + index]
        }
        return edge_cli_log(sum)
      }
      if isCepstral {
        features += cosines.map { row in Float(zip(row, levels).reduce(0) { $0 + $1.0 * $1.1 }) }
      } else {
        features += levels.prefix(width).map { Float($0) }
      }
    }
    return features
  }

  /// One triangle: its weights from the first frequency where it is above zero.
  private struct Band {
    let first: Int
    let weights: [Double]
  }

  /// The triangles over frequencies `1...transform / 2`; the constant part has no weight.
  private func bandWeights(rate: Int) -> [Band] {
    func mel(_ frequency: Double) -> Double { 1_127 * edge_cli_log(1 + frequency / 700) }
    let (first, last) = (mel(low), mel(high))
    let edges = (0...(bands + 1)).map { first + (last - first) * Double($0) / Double(bands + 1) }
    let positions = (0...(transform / 2)).map { mel(Double($0) * Double(rate) / Double(transform)) }
    return (0..<bands).map { band in
      let (lower, center, upper) = (edges[band], edges[band + 1], edges[band + 2])
      let inside = positions.indices.filter {
        $0 > 0 && positions[$0] > lower && positions[$0] < upper
      }
      let weights = inside.map {
        min((positions[$0] - lower) / (center - lower), (upper - positions[$0]) / (upper - center))
      }
      return Band(first: inside.first ?? 0, weights: weights)
    }
  }

  /// Rows of the DCT-II.
  private func cosineTable(width: Int) -> [[Double]] {
    guard isCepstral else { return [] }
    let scale = 2 / (2 * Double(bands)).squareRoot()
    return (0..<width).map { row in
      (0..<bands).map { band in
        scale * edge_cli_cos(Double.pi * (Double(band) + 0.5) * Double(row) / Double(bands))
      }
    }
  }
}
