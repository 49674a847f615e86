import Foundation

/// A linear classifier fitted to soft targets: cross-entropy of softmax(x W + b) to them, with an L2 penalty on W,
/// by L-BFGS (Liu and Nocedal, 1989).
struct SoftmaxRegression: Sendable {
  /// `[features][classes]`.
  private(set) var weights: [Float]
  private(set) var bias: [Float]

  /// Rows of features and of target probabilities.
  struct Samples: Sendable {
    var features: [Float]
    var targets: [Float]
    var count: Int
    var dimension: Int
    var classes: Int

    /// The rows of some samples.
    func rows(_ chosen: [Int]) -> Samples {
      var part = self
      part.count = chosen.count
      part.features = chosen.flatMap { features[$0 * dimension..<($0 + 1) * dimension] }
      part.targets = chosen.flatMap { targets[$0 * classes..<($0 + 1) * classes] }
      return part
    }
  }

  private static let strengths: [Float] = [1e-4, 1e-3, 1e-2, 1e-1]
  private static let folds = 5

  /// Fits with the penalty that leaves the least cross-entropy on folds that were not fitted.
  init(_ samples: Samples, seed: UInt64) {
    var random = SplitMix(seed)
    let order = Array(0..<samples.count).shuffled(using: &random)
    var best: (loss: Double, strength: Float) = (.infinity, SoftmaxRegression.strengths[0])
    for strength in SoftmaxRegression.strengths {
      var loss = 0.0
      for fold in 0..<SoftmaxRegression.folds {
        let held = order.indices.filter { $0 % SoftmaxRegression.folds == fold }.map { order[$0] }
        let rest = order.indices.filter { $0 % SoftmaxRegression.folds != fold }.map { order[$0] }
        guard !held.isEmpty, !rest.isEmpty else { continue }
        let model = SoftmaxRegression(samples.rows(rest), strength: strength, steps: 40)
        loss += model.crossEntropy(samples.rows(held)) * Double(held.count)
      }
      if loss < best.loss { best = (loss, strength) }
    }
    self.init(samples, strength: best.strength, steps: 200)
  }

  /// Fits on standardized features, and takes the standardization into the weights.
  init(_ samples: Samples, strength: Float, steps: Int) {
    let (n, d, c) = (samples.count, samples.dimension, samples.classes)
    var mean = [Float](repeating: 0, count: d)
    var deviation = mean
    for row in 0..<n {
      for k in 0..<d { mean[k] += samples.features[row * d + k] / Float(n) }
    }
    for row in 0..<n {
      for k in 0..<d {
        let x = samples.features[row * d + k] - mean[k]
        deviation[k] += x * x / Float(n)
      }
    }
    let scale = deviation.map { $0 > 1e-12 ? 1 / $0.squareRoot() : 0 }
    var standard = samples
    for row in 0..<n {
      for k in 0..<d {
        standard.features[row * d + k] = (samples.features[row * d + k] - mean[k]) * scale[k]
      }
    }
    var objective = Objective(standard, strength)
    let found = objective.minimized(steps: steps)
    weights = found.indices.prefix(d * c).map { found[$0] * scale[$0 / c] }
    bias = Array(found[(d * c)...])
    for k in 0..<d { for j in 0..<c { bias[j] -= mean[k] * weights[k * c + j] } }
  }

  /// Scores of rows.
  func scores(_ samples: Samples) -> [Float] {
    var result = [Float](repeating: 0, count: samples.count * samples.classes)
    for row in 0..<samples.count {
      for j in 0..<samples.classes { result[row * samples.classes + j] = bias[j] }
    }
    multiply(
      rows: samples.count, columns: samples.classes, depth: samples.dimension, samples.features,
      weights, beta: 1, into: &result)
    return result
  }

  /// Mean cross-entropy to the targets, of scores divided by a temperature.
  func crossEntropy(_ samples: Samples, temperature: Float = 1) -> Double {
    SoftmaxRegression.crossEntropy(scores(samples), samples.targets, samples.classes, temperature)
  }

  static func crossEntropy(
    _ scores: [Float], _ targets: [Float], _ classes: Int, _ temperature: Float
  ) -> Double {
    let rows = scores.count / max(classes, 1)
    var sum = 0.0
    for row in 0..<rows {
      let z = scores[row * classes..<(row + 1) * classes].map { Double($0 / temperature) }
      let most = z.max() ?? 0
      let log = most + Foundation.log(z.reduce(0) { $0 + exp($1 - most) })
      for (j, value) in z.enumerated() { sum += Double(targets[row * classes + j]) * (log - value) }
    }
    return sum / Double(max(rows, 1))
  }

  /// The temperature, between a quarter and 8, of least cross-entropy.
  static func temperature(_ scores: [Float], _ targets: [Float], _ classes: Int) -> Float {
    let candidates = (0...60).map { powf(2, -2 + 5 * Float($0) / 60) }
    let losses = candidates.map { crossEntropy(scores, targets, classes, $0) }
    return candidates[losses.indices.min { losses[$0] < losses[$1] } ?? 24]
  }

  /// Multiplies all scores.
  mutating func scale(by factor: Float) {
    weights = weights.map { $0 * factor }
    bias = bias.map { $0 * factor }
  }
}

/// The penalized cross-entropy of `[W; b]`, and its minimum.
private struct Objective {
  let samples: SoftmaxRegression.Samples
  let strength: Float
  private var scores: [Float]

  private static let memory = 10

  init(_ samples: SoftmaxRegression.Samples, _ strength: Float) {
    self.samples = samples
    self.strength = strength
    scores = Array(repeating: 0, count: samples.count * samples.classes)
  }

  /// The value, and the gradient in `gradient`.
  mutating func value(_ x: [Float], _ gradient: inout [Float]) -> Double {
    let (n, d, c) = (samples.count, samples.dimension, samples.classes)
    for row in 0..<n { for j in 0..<c { scores[row * c + j] = x[d * c + j] } }
    x.withUnsafeBufferPointer { x in
      guard let base = x.baseAddress else { return }
      multiply(
        rows: n, columns: c, depth: d, samples.features, base, beta: 1, into: &scores)
    }
    var loss = 0.0
    for row in 0..<n {
      let most = (0..<c).reduce(-Float.infinity) { max($0, scores[row * c + $1]) }
      var sum: Float = 0
      for j in 0..<c { sum += expf(scores[row * c + j] - most) }
      let log = most + logf(sum)
      for j in 0..<c {
        let target = samples.targets[row * c + j]
        loss += Double(target * (log - scores[row * c + j]))
        scores[row * c + j] = (expf(scores[row * c + j] - log) - target) / Float(n)
      }
    }
    loss /= Double(n)
    for k in d * c..<x.count { gradient[k] = 0 }
    for row in 0..<n { for j in 0..<c { gradient[d * c + j] += scores[row * c + j] } }
    gradient.withUnsafeMutableBufferPointer { gradient in
      guard let base = gradient.baseAddress else { return }
      multiply(
        rows: d, columns: c, depth: n, samples.features, aOrder: .transposed, scores, into: base)
    }
    for k in 0..<d * c {
      loss += 0.5 * Double(strength * x[k] * x[k])
      gradient[k] += strength * x[k]
    }
    return loss
  }

  mutating func minimized(steps: Int) -> [Float] {
    let size = (samples.dimension + 1) * samples.classes
    var x = [Float](repeating: 0, count: size)
    var gradient = x
    var value = value(x, &gradient)
    var history: [(s: [Float], y: [Float], rho: Double)] = []
    for _ in 0..<steps {
      let direction = descent(gradient, history)
      let slope = dot(direction, gradient)
      guard slope < -1e-10 else { break }
      var rate: Float =
        history.isEmpty ? 1 / max(Float(dot(gradient, gradient).squareRoot()), 1) : 1
      var next = x
      var nextGradient = gradient
      var nextValue = value
      var isLower = false
      for _ in 0..<20 {
        for k in 0..<size { next[k] = x[k] + rate * direction[k] }
        nextValue = self.value(next, &nextGradient)
        isLower = nextValue <= value + 1e-4 * Double(rate) * slope
        if isLower { break }
        rate /= 2
      }
      guard isLower else { break }
      let s = zip(next, x).map { $0 - $1 }
      let y = zip(nextGradient, gradient).map { $0 - $1 }
      let curvature = dot(s, y)
      if curvature > 1e-12 { history.append((s, y, 1 / curvature)) }
      if history.count > Objective.memory { history.removeFirst() }
      let gain = value - nextValue
      (x, gradient, value) = (next, nextGradient, nextValue)
      if gain < 1e-7 * abs(value) { break }
    }
    return x
  }

  /// Minus the inverse Hessian, as the history estimates it, times the gradient.
  private func descent(_ gradient: [Float], _ history: [(s: [Float], y: [Float], rho: Double)])
    -> [Float]
  {
    var q = gradient
    var alphas: [Double] = []
    for pair in history.reversed() {
      let alpha = pair.rho * dot(pair.s, q)
      alphas.append(alpha)
      for k in q.indices { q[k] -= Float(alpha) * pair.y[k] }
    }
    if let last = history.last {
      let factor = Float(1 / (last.rho * max(dot(last.y, last.y), 1e-30)))
      for k in q.indices { q[k] *= factor }
    }
    for (pair, alpha) in zip(history, alphas.reversed()) {
      let beta = pair.rho * dot(pair.y, q)
      for k in q.indices { q[k] += Float(alpha - beta) * pair.s[k] }
    }
    return q.map { -$0 }
  }

  private func dot(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
