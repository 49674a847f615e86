import Foundation

/// A discrete Fourier transform as plain sums over a table of unit roots.
struct FourierSum {
  private let roots: [(Double, Double)]
  private let factor: Double

  init(length: Int, inverse: Bool) {
    roots = (0..<length).map { k in
      let angle = 2 * Double.pi * Double(k) / Double(length)
      return (cos(angle), inverse ? sin(angle) : -sin(angle))
    }
    factor = inverse ? 1 / Double(length) : 1
  }

  /// The first `bins` bins, real and imaginary parts in turn.
  func spectrum(_ signal: [(Double, Double)], bins: Int) -> [Float] {
    let n = roots.count
    var result: [Float] = []
    result.reserveCapacity(2 * bins)
    for bin in 0..<bins {
      var (real, imaginary) = (0.0, 0.0)
      var place = 0
      for (a, b) in signal {
        let (c, s) = roots[place]
        real += a * c - b * s
        imaginary += a * s + b * c
        place += bin
        if place >= n { place -= n }
      }
      result += [Float(real * factor), Float(imaginary * factor)]
    }
    return result
  }
}
