import CEdgeHost

/// The discrete Fourier transform of a power-of-two length.
struct FourierTransform {
  private let count: Int
  private let cosines: [Double]
  private let sines: [Double]

  /// Prepares transforms of `count` values, a power of two.
  init(count: Int) {
    precondition(count > 0 && count & (count - 1) == 0)
    self.count = count
    let angles = (0..<(count / 2)).map { -2 * Double.pi * Double($0) / Double(count) }
    cosines = angles.map { edge_cli_cos($0) }
    sines = angles.map { edge_cli_sin($0) }
  }

  /// The magnitudes of frequencies 0...count / 2 of real values, at most `count`, zeros appended.
  ///
  /// O(count log count); decimation in time (Cooley and Tukey 1965).
  func magnitudes(_ values: [Double]) -> [Double] {
    var real = values + [Double](repeating: 0, count: count - values.count)
    var imaginary = [Double](repeating: 0, count: count)
    var mirrored = 0
    for index in 0..<count {
      if index < mirrored { real.swapAt(index, mirrored) }
      var bit = count >> 1
      while bit > 0, mirrored & bit != 0 {
        mirrored ^= bit
        bit >>= 1
      }
      mirrored |= bit
    }
    var half = 1
    while half < count {
      let step = count / (2 * half)
      for start in stride(from: 0, to: count, by: 2 * half) {
        for offset in 0..<half {
          let (even, odd) = (start + offset, start + offset + half)
          let (cosine, sine) = (cosines[offset * step], sines[offset * step])
          let x = real[odd] * cosine - imaginary[odd] * sine
          let y = real[odd] * sine + imaginary[odd] * cosine
          (real[odd], imaginary[odd]) = (real[even] - x, imaginary[even] - y)
          (real[even], imaginary[even]) = (real[even] + x, imaginary[even] + y)
        }
      }
      half *= 2
    }
    return (0...(count / 2)).map {
      (real[$0] * real[$0] + imaginary[$0] * imaginary[$0]).squareRoot()
    }
  }
}
