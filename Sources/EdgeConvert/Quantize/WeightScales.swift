import EdgeFormat

/// Symmetric INT8 scales of constant weights, one for each output channel.
enum WeightScales {
  /// Number of output channels of a weighted node.
  static func channelCount(_ node: Node, _ weights: Tensor) -> Int {
    switch node.op {
    case "ConvTranspose":
      (weights.shape.count > 1 ? weights.shape[1] : 1) * (node.int("group") ?? 1)
    case "MatMul": weights.shape.last ?? 1
    case "Gemm": weights.shape[node.int("transB") == 1 ? 0 : 1]
    case "edge.LSTM", "edge.GRU", "edge.RNN": weights.shape.dropLast().reduce(1, *)
    default: weights.shape.first ?? 1
    }
  }

  /// The axis of a weighted node's weights that its output channels lie along.
  static func axis(_ node: Node) -> Int {
    switch node.op {
    case "ConvTranspose", "MatMul": 1
    case "Gemm": node.int("transB") == 1 ? 0 : 1
    default: 0
    }
  }

  /// A function from the position of a weight to its output channel.
  static func channelOfIndex(_ node: Node, _ weights: Tensor) -> (Int) -> Int {
    let count = Swift.max(channelCount(node, weights), 1)
    let terms = Swift.max(weights.count / count, 1)
    switch node.op {
    case "ConvTranspose":
      let groups = node.int("group") ?? 1
      let inputs = Swift.max(weights.shape[0] / groups, 1)
      let outputs = Swift.max(weights.shape[1], 1)
      let window = Swift.max(weights.count / (weights.shape[0] * outputs), 1)
      return { $0 / (inputs * outputs * window) * outputs + $0 / window % outputs }
    case "MatMul": return { $0 % count }
    case "Gemm" where (node.int("transB") ?? 0) == 0: return { $0 % count }
    default: return { $0 / terms }
    }
  }

  /// The weights of each output channel.
  static func channels(_ node: Node, _ weights: Tensor) -> [[Float]] {
    let values = weights.floats
    let count = channelCount(node, weights)
    guard count > 0 else { return [] }
    let terms = values.count / count
    switch node.op {
    case "ConvTranspose":
      let groups = node.int("group") ?? 1
      let inputs = weights.shape[0] / groups
      let outputs = weights.shape[1]
      let window = values.count / (weights.shape[0] * outputs)
      return (0..<count).map { channel in
        let (group, m) = channel.quotientAndRemainder(dividingBy: outputs)
        return (0..<inputs).flatMap { c in
          let start = ((group * inputs + c) * outputs + m) * window
          return values[start..<start + window]
        }
      }
    case "MatMul":
      return (0..<count).map { n in (0..<terms).map { values[$0 * count + n] } }
    case "Gemm" where (node.int("transB") ?? 0) == 0:
      return (0..<count).map { n in (0..<terms).map { values[$0 * count + n] } }
    default:
      return (0..<count).map { Array(values[$0 * terms..<($0 + 1) * terms]) }
    }
  }

  /// The scale of one channel: max|w| / 127, or less where clipping the largest weights lowers the squared error.
  static func scale(_ weights: [Float], searching: Bool) -> Float {
    let peak = weights.reduce(0) { Swift.max($0, abs($1)) }
    guard peak > 0, peak.isFinite else { return 1 }
    let full = Swift.max(peak / 127, AffineParameters.minimumScale)
    guard searching else { return full }
    var best = full
    var least = error(weights, full)
    for percent in stride(from: 99, through: 60, by: -1) where least > 0 {
      let scale = Swift.max(peak * Float(percent) / 100 / 127, AffineParameters.minimumScale)
      let value = error(weights, scale)
      if value < least {
        least = value
        best = scale
      }
    }
    return best
  }

  private static func error(_ weights: [Float], _ scale: Float) -> Float {
    let inverse = 1 / scale
    var sum: Float = 0
    for weight in weights {
      let q = Swift.min(Swift.max((weight * inverse).rounded(.toNearestOrEven), -127), 127)
      let difference = weight - q * scale
      sum += difference * difference
    }
    return sum
  }
}
