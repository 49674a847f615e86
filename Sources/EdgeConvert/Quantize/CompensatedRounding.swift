/// Rounds the weights of a layer so that their errors cancel on the data the layer sees, not one by one.
///
/// For each row w it looks for integers q with small (w - sq)^T H (w - sq), H being the second moments of the inputs:
/// with H = R^T R (R upper triangular) from the last weight to the first, each takes up what the rounding of the later
/// ones did to the sum (Babai's nearest plane; the same result as OPTQ, arXiv 2210.17323, in reverse order). Sweeps over
/// single weights and a search of each row's scale follow.
enum CompensatedRounding {
  /// Rounded rows with the scale of each.
  struct Result {
    var weights: [Float]
    var scales: [Float]
    /// (w - sq)^T H (w - sq) by row.
    fileprivate var errors: [Float]
  }

  /// Parts of the given scales that are tried for each row: what clips a little may round the rest better.
  private static let parts: [Float] = [1, 0.96, 0.92, 0.88, 0.84]
  /// Passes that change one weight at a time.
  private static let sweeps = 2

  /// Weights on the grid of their scales, in the order of the given ones.
  /// - Parameters:
  ///   - weights: rows of `terms`, one after the other.
  ///   - scales: one a row.
  ///   - gram: `terms` x `terms`.
  static func rounded(_ weights: [Float], scales: [Float], gram: [Float], terms: Int) -> [Float] {
    guard let damped = Damped(gram, terms) else { return nearest(weights, scales, terms) }
    return rounded(weights, scales, damped).weights
  }

  /// The same, each row with the part of its scale that leaves it least error.
  static func searched(_ weights: [Float], scales: [Float], gram: [Float], terms: Int) -> Result {
    guard let damped = Damped(gram, terms) else {
      return Result(weights: nearest(weights, scales, terms), scales: scales, errors: [])
    }
    var best = rounded(weights, scales, damped)
    for part in parts.dropFirst() {
      let other = rounded(weights, scales.map { $0 * part }, damped)
      for row in scales.indices where other.errors[row] < 0.98 * best.errors[row] {
        best.errors[row] = other.errors[row]
        best.scales[row] = other.scales[row]
        let range = row * terms..<(row + 1) * terms
        best.weights.replaceSubrange(range, with: other.weights[range])
      }
    }
    return best
  }

  private static func rounded(_ weights: [Float], _ scales: [Float], _ h: Damped) -> Result {
    let terms = h.terms
    let rows = scales.count
    var result = weights
    var errors = [Float](repeating: 0, count: terms * rows)
    var targets = [Float](repeating: 0, count: rows)
    for k in stride(from: terms - 1, through: 0, by: -1) {
      for row in 0..<rows { targets[row] = weights[row * terms + k] }
      errors.withUnsafeBufferPointer { errors in
        targets.withUnsafeMutableBufferPointer { targets in
          for j in (k + 1)..<Swift.max(terms, k + 1) {
            let ratio = Float(h.factor[k * terms + j] / h.factor[k * terms + k])
            guard ratio != 0 else { continue }
            for row in 0..<rows { targets[row] += ratio * errors[j * rows + row] }
          }
        }
      }
      for row in 0..<rows {
        let weight = weights[row * terms + k]
        let q = (targets[row] / scales[row]).rounded(.toNearestOrEven)
        // What was pruned stays pruned.
        let value = weight == 0 ? 0 : Swift.min(Swift.max(q, -127), 127) * scales[row]
        result[row * terms + k] = value
        errors[k * rows + row] = weight - value
      }
    }
    return descended(weights, result, scales, h)
  }

  /// Moves one weight after the other to the integer that is best beside the others, which never adds error.
  private static func descended(
    _ weights: [Float], _ start: [Float], _ scales: [Float], _ h: Damped
  ) -> Result {
    let (terms, rows) = (h.terms, scales.count)
    var result = start
    var errors = zip(weights, start).map { $0 - $1 }
    var slopes = [Float](repeating: 0, count: rows * terms)
    errors.withUnsafeBufferPointer { e in
      h.matrix.withUnsafeBufferPointer { m in
        slopes.withUnsafeMutableBufferPointer { s in
          guard let e = e.baseAddress, let m = m.baseAddress, let s = s.baseAddress else { return }
          multiply(rows: rows, columns: terms, depth: terms, e, m, into: s)
        }
      }
    }
    var sums = [Float](repeating: 0, count: rows)
    for row in 0..<rows {
      let start = row * terms
      let scale = scales[row]
      for _ in 0..<sweeps {
        for k in 0..<terms {
          let old = (result[start + k] / scale).rounded(.toNearestOrEven)
          let step = (slopes[start + k] / h.matrix[k * terms + k] / scale).rounded(.toNearestOrEven)
          let new = Swift.min(Swift.max(old + step, -127), 127)
          guard new != old, step.isFinite else { continue }
          let change = (new - old) * scale
          result[start + k] = new * scale
          errors[start + k] -= change
          for j in 0..<terms { slopes[start + j] -= change * h.matrix[k * terms + j] }
        }
      }
      for k in 0..<terms { sums[row] += errors[start + k] * slopes[start + k] }
    }
    return Result(weights: result, scales: scales, errors: sums)
  }

  private static func nearest(_ weights: [Float], _ scales: [Float], _ terms: Int) -> [Float] {
    weights.indices.map { index in
      let scale = scales[index / terms]
      return Swift.min(Swift.max((weights[index] / scale).rounded(.toNearestOrEven), -127), 127)
        * scale
    }
  }

  /// H + a little of its mean diagonal, and upper triangular R with R^T R equal to it, row-major.
  private struct Damped {
    let terms: Int
    let matrix: [Float]
    let factor: [Double]

    /// Nil when H is no such matrix.
    init?(_ gram: [Float], _ n: Int) {
      let mean = (0..<n).reduce(0.0) { $0 + Double(gram[$1 * n + $1]) } / Double(Swift.max(n, 1))
      guard mean > 0, mean.isFinite else { return nil }
      var matrix = gram
      for i in 0..<n { matrix[i * n + i] += Float(0.01 * mean) }
      var r = matrix.map(Double.init)
      let isPositive = r.withUnsafeMutableBufferPointer { r in
        for i in 0..<n {
          guard r[i * n + i] > 0 else { return false }
          let pivot = r[i * n + i].squareRoot()
          for j in i..<n { r[i * n + j] /= pivot }
          for k in (i + 1)..<Swift.max(n, i + 1) {
            let f = r[i * n + k]
            if f == 0 { continue }
            for j in k..<n { r[k * n + j] -= f * r[i * n + j] }
          }
        }
        return true
      }
      guard isPositive else { return nil }
      terms = n
      self.matrix = matrix
      factor = r
    }
  }
}
