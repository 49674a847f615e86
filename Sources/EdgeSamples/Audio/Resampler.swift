import CEdgeHost

/// Changes the rate of a sound with a windowed sinc.
///
/// 32 zero crossings a side, Kaiser window with beta = 10, cut off at 0.94 of the lower rate's
/// Nyquist frequency: measured on sines, the error lies more than 80 dB below the sound up to 0.85
/// of that frequency, and what lies above the new one's is suppressed by as much (tests). Method:
/// Smith, "Digital Audio Resampling", ccrma.stanford.edu/~jos/resample.
struct Resampler {
  private static let crossings = 32
  private static let stepsPerCrossing = 4_096
  private static let beta = 10.0
  private static let rolloff = 0.94

  /// One side of the filter, `stepsPerCrossing` values from zero crossing to zero crossing.
  private let kernel: [Double]

  init() {
    let count = Self.crossings * Self.stepsPerCrossing
    let scale = 1 / Self.bessel(Self.beta)
    var kernel = [1.0]
    kernel.reserveCapacity(count + 2)
    for index in 1...count {
      let x = Double(index) / Double(Self.stepsPerCrossing)
      let share = x / Double(Self.crossings)
      let window = Self.bessel(Self.beta * (1 - share * share).squareRoot()) * scale
      kernel.append(edge_cli_sin(Double.pi * x) / (Double.pi * x) * window)
    }
    // Interpolation at the very end looks one value further.
    kernel.append(0)
    self.kernel = kernel
  }

  /// The sound at another rate: `ceil(n * target / rate)` samples, the first at the same time.
  ///
  /// Before its beginning and after its end a sound is silent. O(n * crossings).
  func resampled(_ sound: Waveform, to target: Int) -> Waveform {
    let (source, rate) = (sound.samples, sound.rate)
    let count = (source.count * target + rate - 1) / rate
    // Zero crossings per sample of the source.
    let density = Self.rolloff * min(1, Double(target) / Double(rate))
    let reach = Double(Self.crossings) / density
    let samples = (0..<count).map { index in
      let (whole, part) = (index * rate).quotientAndRemainder(dividingBy: target)
      let position = Double(part) / Double(target)
      let first = max(0, whole - Int(reach - position))
      let last = min(source.count - 1, whole + Int(reach + position))
      var sum = 0.0
      var place = first
      while place <= last {
        let distance = Double(place - whole) - position
        sum += Double(source[place]) * weight(abs(distance) * density)
        place += 1
      }
      return Float(sum * density)
    }
    return Waveform(rate: target, samples: samples)
  }

  /// The filter at a distance in zero crossings, interpolated between the two nearest values.
  private func weight(_ crossings: Double) -> Double {
    let position = crossings * Double(Self.stepsPerCrossing)
    let index = Int(position)
    guard index < kernel.count - 1 else { return 0 }
    return kernel[index] + (position - Double(index)) * (kernel[index + 1] - kernel[index])
  }

  /// The modified Bessel function of the first kind and order 0, by its series.
  private static func bessel(_ x: Double) -> Double {
    var (sum, term) = (1.0, 1.0)
    var order = 1.0
    while term > sum * 1e-17 {
      term *= x * x / (4 * order * order)
      sum += term
      order += 1
    }
    return sum
  }
}
