/// Rounds the weights of a layer so that their errors cancel on the data the layer sees, not one by one.
///
/// For each row w it looks for integers q with small (w - sq)^T H (w - sq), H being the second moments of the inputs:
/// with H = R^T R (R upper triangular) from the last weight to the first, each takes up what the rounding of the later
/// ones did to the sum (Babai's nearest plane; the same result as OPTQ, arXiv 2210.17323, in reverse order).
enum CompensatedRounding {
  /// Weights on the grid of their scales, in the order of the given ones.
  /// - Parameters:
  ///   - weights: rows of `terms`, one after the other.
  ///   - scales: one a row.
  ///   - gram: `terms` x `terms`.
  static func rounded(_ weights: [Float], scales: [Float], gram: [Float], terms: Int) -> [Float] {
    guard let factor = factor(gram, terms) else { return nearest(weights, scales, terms) }
    let rows = scales.count
    var result = weights
    var errors = [Float](repeating: 0, count: terms * rows)
    var targets = [Float](repeating: 0, count: rows)
    for k in stride(from: terms - 1, through: 0, by: -1) {
      for row in 0..<rows { targets[row] = weights[row * terms + k] }
      errors.withUnsafeBufferPointer { errors in
        targets.withUnsafeMutableBufferPointer { targets in
          for j in (k + 1)..<Swift.max(terms, k + 1) {
            let ratio = Float(factor[k * terms + j] / factor[k * terms + k])
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
    return result
  }

  private static func nearest(_ weights: [Float], _ scales: [Float], _ terms: Int) -> [Float] {
    weights.indices.map { index in
      let scale = scales[index / terms]
      return Swift.min(Swift.max((weights[index] / scale).rounded(.toNearestOrEven), -127), 127)
        * scale
    }
  }

  /// Upper triangular R with R^T R = H + a little of its mean diagonal, row-major; nil when H is no such matrix.
  private static func factor(_ gram: [Float], _ n: Int) -> [Double]? {
    let mean = (0..<n).reduce(0.0) { $0 + Double(gram[$1 * n + $1]) } / Double(Swift.max(n, 1))
    guard mean > 0, mean.isFinite else { return nil }
    var r = gram.map(Double.init)
    for i in 0..<n { r[i * n + i] += 0.01 * mean }
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
    return isPositive ? r : nil
  }
}
