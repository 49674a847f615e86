/// Prunes a layer's weights to blocks of 4 inputs times some outputs so that its results change least on the data it sees.
///
/// For rows w of weights and v of pruned ones it looks for small (w - v)^T H (w - v), H being the second moments of the inputs:
/// with H = R^T R (R upper triangular), from the last inputs to the first, the blocks of a chunk of columns that cost least go,
/// and what is kept takes up what was lost (SparseGPT, arXiv 2301.00774, in reverse order and by blocks). Then the kept weights
/// are solved for by conjugate gradients.
struct BlockPruning {
  /// Columns whose blocks compete.
  private static let chunk = 128
  /// Steps of the refit; its error hardly falls after them.
  private static let refitSteps = 12

  /// Weights of a row, a multiple of 4.
  let terms: Int
  /// Outputs of a block.
  let outputs: Int
  /// `terms` x `terms`, a little of the mean diagonal added.
  private let moments: [Float]
  private let factor: [Float]

  /// - Parameter gram: second moments, row-major.
  /// - Returns: nil when they are none, as of a layer that sees only zeros.
  init?(gram: [Float], terms: Int, outputs: Int) {
    self.terms = terms
    self.outputs = outputs
    let mean = (0..<terms).reduce(0) { $0 + gram[$1 * terms + $1] } / Float(Swift.max(terms, 1))
    guard mean > 0, mean.isFinite else { return nil }
    var damped = gram
    for i in 0..<terms { damped[i * terms + i] += 0.01 * mean }
    moments = damped
    guard let factor = Cholesky.upper(damped, terms) else { return nil }
    self.factor = factor
  }

  /// Rows with `sparsity` of their blocks zero.
  func pruned(_ weights: [Float], sparsity: Double) -> [Float] {
    let rows = weights.count / terms
    var mask = [Float](repeating: 1, count: weights.count)
    // [terms][rows]
    var errors = [Float](repeating: 0, count: weights.count)
    for end in stride(from: terms, to: 0, by: -BlockPruning.chunk) {
      sweep(Swift.max(0, end - BlockPruning.chunk)..<end, weights, rows, sparsity, &mask, &errors)
    }
    var result = weights
    for row in 0..<rows {
      for k in 0..<terms {
        let index = row * terms + k
        result[index] = mask[index] == 0 ? 0 : weights[index] - errors[k * rows + row]
      }
    }
    return refitted(result, to: weights, mask)
  }

  /// Energy of what a change does to the results, over that of the results.
  func loss(_ changed: [Float], of weights: [Float]) -> Double {
    let difference = zip(weights, changed).map { $0 - $1 }
    func energy(_ rows: [Float]) -> Double {
      zip(rows, product(rows)).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let whole = energy(weights)
    return whole > 0 ? energy(difference) / whole : 0
  }

  /// Decides the blocks of a chunk of columns, and the errors of its weights.
  private func sweep(
    _ chunk: Range<Int>, _ weights: [Float], _ rows: Int, _ sparsity: Double, _ mask: inout [Float],
    _ errors: inout [Float]
  ) {
    // [chunk][rows]: what later columns leave to each.
    var carried = carriedErrors(chunk, rows, errors)
    let quads = stride(from: chunk.lowerBound, to: chunk.upperBound, by: 4).map { $0 }
    let bands = (rows + outputs - 1) / outputs
    var costs: [(cost: Float, quad: Int, band: Int)] = []
    for (position, quad) in quads.enumerated() {
      for band in 0..<bands {
        var cost: Float = 0
        for row in band * outputs..<Swift.min(rows, (band + 1) * outputs) {
          for p in 0..<4 {
            var sum = carried[(quad - chunk.lowerBound + p) * rows + row]
            for q in p..<4 {
              sum += factor[(quad + p) * terms + quad + q] * weights[row * terms + quad + q]
            }
            cost += sum * sum
          }
        }
        costs.append((cost, position, band))
      }
    }
    costs.sort { ($0.cost, $0.quad, $0.band) < ($1.cost, $1.quad, $1.band) }
    for gone in costs.prefix(Int((sparsity * Double(costs.count)).rounded())) {
      for row in gone.band * outputs..<Swift.min(rows, (gone.band + 1) * outputs) {
        for p in 0..<4 { mask[row * terms + quads[gone.quad] + p] = 0 }
      }
    }
    for k in chunk.reversed() {
      let start = k * rows
      for row in 0..<rows {
        let index = row * terms + k
        errors[start + row] =
          mask[index] == 0
          ? weights[index] : -carried[(k - chunk.lowerBound) * rows + row] / factor[k * terms + k]
      }
      for earlier in chunk.lowerBound..<k {
        let ratio = factor[earlier * terms + k]
        let to = (earlier - chunk.lowerBound) * rows
        for row in 0..<rows { carried[to + row] += ratio * errors[start + row] }
      }
    }
  }

  /// Products of the factor's rows of a chunk with the errors of all later columns.
  private func carriedErrors(_ chunk: Range<Int>, _ rows: Int, _ errors: [Float]) -> [Float] {
    let depth = terms - chunk.upperBound
    var result = [Float](repeating: 0, count: chunk.count * rows)
    guard depth > 0 else { return result }
    let right = chunk.flatMap { factor[$0 * terms + chunk.upperBound..<($0 + 1) * terms] }
    errors.withUnsafeBufferPointer { errors in
      guard let base = errors.baseAddress else { return }
      result.withUnsafeMutableBufferPointer {
        if let to = $0.baseAddress {
          multiply(
            rows: chunk.count, columns: rows, depth: depth, right, base + chunk.upperBound * rows,
            into: to)
        }
      }
    }
    return result
  }

  /// Kept weights by least squares: conjugate gradients with the diagonal as preconditioner, every row on its own.
  private func refitted(_ start: [Float], to weights: [Float], _ mask: [Float]) -> [Float] {
    var solution = start
    var rest = product(zip(weights, start).map { $0 - $1 })
    for index in rest.indices { rest[index] *= mask[index] }
    let diagonal = (0..<terms).map { moments[$0 * terms + $0] }
    func scaled(_ v: [Float]) -> [Float] { v.indices.map { v[$0] / diagonal[$0 % terms] } }
    var z = scaled(rest)
    var direction = z
    let rows = weights.count / terms
    var energy = dots(rest, z, rows)
    for _ in 0..<BlockPruning.refitSteps {
      var image = product(direction)
      for index in image.indices { image[index] *= mask[index] }
      let curvature = dots(direction, image, rows)
      for row in 0..<rows where curvature[row] > 0 {
        let step = energy[row] / curvature[row]
        for index in row * terms..<(row + 1) * terms {
          solution[index] += step * direction[index]
          rest[index] -= step * image[index]
        }
      }
      z = scaled(rest)
      let next = dots(rest, z, rows)
      for row in 0..<rows {
        let keep = energy[row] > 0 ? next[row] / energy[row] : 0
        for index in row * terms..<(row + 1) * terms {
          direction[index] = z[index] + keep * direction[index]
        }
      }
      energy = next
    }
    return solution
  }

  private func dots(_ a: [Float], _ b: [Float], _ rows: Int) -> [Float] {
    (0..<rows).map { row in
      var sum: Float = 0
      for index in row * terms..<(row + 1) * terms { sum += a[index] * b[index] }
      return sum
    }
  }

  /// Rows times the second moments.
  private func product(_ rows: [Float]) -> [Float] {
    [Float](unsafeUninitializedCapacity: rows.count) { buffer, count in
      if let to = buffer.baseAddress {
        multiply(rows: rows.count / terms, columns: terms, depth: terms, rows, moments, into: to)
      }
      count = rows.count
    }
  }
}
