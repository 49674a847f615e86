/// Moments of what goes into a block and what comes out of it, for the affine map that is nearest to the block.
struct BlockMap {
  /// Rows taken of a sample.
  private static let rowLimit = 256
  /// How much the map is held to the identity, of the mean square of what goes in.
  private static let damping: Float = 0.01
  /// Channels above which no map is fitted.
  static let channelLimit = 1024

  /// y = W^T x + bias: weights `[channels][channels]`, inputs first.
  struct Fitted {
    var weights: [Float]
    var bias: [Float]
  }

  private struct Sums {
    /// Of (x, 1) (x, 1)^T and of (x, 1) y^T.
    var moments: [Float]
    var products: [Float]
    var energy: Double = 0

    init(_ channels: Int) {
      let wide = channels + 1
      moments = [Float](repeating: 0, count: wide * wide)
      products = [Float](repeating: 0, count: wide * channels)
    }
  }

  let channels: Int
  /// Whether nothing that came out was negative.
  private(set) var isPositive = true
  private var fitting: Sums
  private var held: Sums

  init(channels: Int) {
    self.channels = channels
    fitting = Sums(channels)
    held = Sums(channels)
  }

  /// Takes in a sample, rows of channels.
  /// - Parameter isHeld: whether it judges the map that others fit.
  mutating func add(_ x: [Float], _ y: [Float], isHeld: Bool) {
    let rows = min(x.count, y.count) / channels
    let step = max(1, rows / BlockMap.rowLimit)
    var wide: [Float] = []
    var results: [Float] = []
    for row in stride(from: 0, to: rows, by: step) {
      wide += x[row * channels..<(row + 1) * channels]
      wide.append(1)
      results += y[row * channels..<(row + 1) * channels]
    }
    isPositive = isPositive && results.allSatisfy { $0 >= 0 }
    if isHeld {
      BlockMap.accumulate(wide, results, channels, &held)
    } else {
      BlockMap.accumulate(wide, results, channels, &fitting)
    }
  }

  private static func accumulate(
    _ x: [Float], _ y: [Float], _ channels: Int, _ sums: inout Sums
  ) {
    let rows = y.count / channels
    sums.energy += y.reduce(0) { $0 + Double($1) * Double($1) }
    sums.moments.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      multiply(
        rows: channels + 1, columns: channels + 1, depth: rows, x, aOrder: .transposed, x, beta: 1,
        into: base)
    }
    sums.products.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      multiply(
        rows: channels + 1, columns: channels, depth: rows, x, aOrder: .transposed, y, beta: 1,
        into: base)
    }
  }

  /// The map of least squares, a little drawn to the identity; nil where the identity does as well on samples that
  /// did not fit it.
  func fitted() -> Fitted? {
    let wide = channels + 1
    let mean = (0..<channels).reduce(0) { $0 + fitting.moments[$1 * wide + $1] } / Float(channels)
    guard mean > 0, mean.isFinite else { return nil }
    var moments = fitting.moments
    var solution = fitting.products
    for channel in 0..<channels {
      moments[channel * wide + channel] += BlockMap.damping * mean
      solution[channel * channels + channel] += BlockMap.damping * mean
    }
    guard let factor = Cholesky.upper(moments, wide) else { return nil }
    Cholesky.solve(factor, wide, &solution)
    var identity = [Float](repeating: 0, count: wide * channels)
    for channel in 0..<channels { identity[channel * channels + channel] = 1 }
    guard solution.allSatisfy(\.isFinite), error(of: solution) < 0.98 * error(of: identity) else {
      return nil
    }
    return Fitted(
      weights: Array(solution.prefix(channels * channels)),
      bias: Array(solution.suffix(channels)))
  }

  /// Squared error of a map `[channels + 1][channels]` on the samples held out.
  private func error(of map: [Float]) -> Double {
    let wide = channels + 1
    var image = [Float](repeating: 0, count: wide * channels)
    image.withUnsafeMutableBufferPointer {
      guard let base = $0.baseAddress else { return }
      multiply(rows: wide, columns: channels, depth: wide, held.moments, map, into: base)
    }
    return map.indices.reduce(held.energy) { sum, index in
      sum + Double(map[index]) * (Double(image[index]) - 2 * Double(held.products[index]))
    }
  }
}
