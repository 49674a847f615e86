import EdgeFormat
import Foundation

/// How far each INT8 layer alone is from the reference: the reference's operands and the layer's result rounded as the
/// file stores them, its weights as the file holds them, and everything else in float.
struct LayerNoise {
  /// What was summed for one layer.
  struct Sums {
    var signal = 0.0
    var noise = 0.0
    /// By output channel, where channels are axis 1 or the last of a product.
    var channelSignal: [Double] = []
    var channelNoise: [Double] = []

    /// In dB; nil when exact.
    var sqnr: Double? { noise > 0 ? 10 * log10(signal / noise) : nil }

    /// Of the channel in the middle; nil when exact.
    ///
    /// A channel many times larger than the others hides what they lose.
    var typicalSQNR: Double? {
      let ratios = zip(channelNoise, channelSignal).filter { $0.1 > 0 }.map { $0.0 / $0.1 }.sorted()
      guard !ratios.isEmpty else { return sqnr }
      let middle = ratios[ratios.count / 2]
      return middle > 0 ? -10 * log10(middle) : nil
    }
  }

  private let decided: Conversion.Decided
  private let evaluator: Evaluator
  /// Weights as the file holds them, by position.
  private let weights: [Int: Tensor]
  /// By position, for layers of which something was measured.
  private(set) var sums: [Int: Sums] = [:]
  /// Channels of the results of layers, in the reference.
  private(set) var channels: [Int: ChannelStatistics] = [:]

  init(_ decided: Conversion.Decided) throws {
    self.decided = decided
    evaluator = try Evaluator(decided.reference)
    var weights: [Int: Tensor] = [:]
    for (position, node) in decided.graph.nodes.enumerated() {
      guard let scales = decided.choices.quantization.weightScales[position],
        let tensor = decided.graph.constant(node, 1)
      else { continue }
      weights[position] = LayerNoise.rounded(
        tensor, of: node, scales, decided.choices.quantization.smoothing[position])
    }
    self.weights = weights
  }

  /// Takes in the first run of a sample.
  mutating func add(_ sample: LoadedSample) throws {
    guard let inputs = sample.runs.first else { return }
    var values: [ValueID: Tensor] = [:]
    _ = try evaluator.run(decided.reference.named(inputs)) { values[$0] = $1 }
    for (position, node) in decided.graph.nodes.enumerated()
    where decided.choices.nodes[position].precision != .float32 {
      guard let rule = Operator.of(node), let output = node.outputs[0],
        let expected = values[output],
        expected.type.isFloat, let found = try result(position, node, rule, values)
      else { continue }
      add(position, node, expected, found)
    }
  }

  /// What the layer gives for the reference's operands; nil for layers that this does not cover.
  private func result(
    _ position: Int, _ node: Node, _ rule: Operator, _ values: [ValueID: Tensor]
  ) throws -> Tensor? {
    let quantization = decided.choices.quantization
    let isDynamic = decided.choices.nodes[position].precision == .dynamic
    switch rule.quantize {
    case .float, .dynamic, .recurrent, .passThrough: return nil
    case .weighted, .table, .binary, .rescaled: break
    }
    let read = Set(node.activationInputs(rule.quantize))
    var operands: [Tensor?] = []
    for (index, input) in node.inputs.enumerated() {
      guard let input else {
        operands.append(nil)
        continue
      }
      guard var tensor = values[input] ?? decided.graph[input].constant else { return nil }
      if index == 1, let weights = weights[position] {
        tensor = weights
      } else if isDynamic, index == 0 {
        tensor = LayerNoise.roundedRows(tensor, quantization.smoothing[position])
      } else if read.contains(index), let parameters = quantization.values[input] {
        tensor = Tensor(tensor.floats.map(parameters.rounded), shape: tensor.shape)
      }
      operands.append(tensor)
    }
    guard let result = try rule.evaluate(node, operands).first, let output = node.outputs[0] else {
      return nil
    }
    guard let parameters = quantization.values[output] else { return result }
    return Tensor(result.floats.map(parameters.rounded), shape: result.shape)
  }

  private mutating func add(_ position: Int, _ node: Node, _ expected: Tensor, _ found: Tensor) {
    guard expected.count == found.count, expected.shape.count > 0 else { return }
    var sum = sums[position] ?? Sums()
    let axis = node.op == "MatMul" || expected.shape.count < 2 ? expected.shape.count - 1 : 1
    let count = expected.shape[axis]
    let inner = expected.shape.dropFirst(axis + 1).reduce(1, *)
    if sum.channelSignal.count != count {
      sum.channelSignal = Array(repeating: 0, count: count)
      sum.channelNoise = sum.channelSignal
    }
    let (x, y) = (expected.floats, found.floats)
    for index in x.indices {
      let signal = Double(x[index]) * Double(x[index])
      let difference = distance(Double(x[index]), Double(y[index]))
      let noise = difference * difference
      sum.signal += signal
      sum.noise += noise
      sum.channelSignal[index / inner % count] += signal
      sum.channelNoise[index / inner % count] += noise
    }
    sums[position] = sum
    if axis == 1 { channels[position, default: ChannelStatistics()].add(expected) }
  }

  /// Weights on the grid of their scales, divided by what the inputs are multiplied by.
  private static func rounded(
    _ tensor: Tensor, of node: Node, _ scales: [Float], _ factors: [Float]?
  ) -> Tensor {
    let channel = WeightScales.channelOfIndex(node, tensor)
    let row = WeightScales.channelCount(node, tensor)
    let values = tensor.floats.enumerated().map { index, weight in
      let scale = scales[channel(index)]
      let factor = factors.map { $0[index / row] } ?? 1
      let q = (weight * factor / scale).rounded(.toNearestOrEven)
      return Swift.min(Swift.max(q, -127), 127) * scale / factor
    }
    return Tensor(values, shape: tensor.shape)
  }

  /// Rows rounded to 256 steps over their own range.
  private static func roundedRows(_ tensor: Tensor, _ factors: [Float]?) -> Tensor {
    guard let length = tensor.shape.last, length > 0 else { return tensor }
    var values = tensor.floats
    if let factors { for index in values.indices { values[index] /= factors[index % length] } }
    for start in stride(from: 0, to: values.count, by: length) {
      let row = values[start..<start + length]
      let low = row.min() ?? 0
      let step = ((row.max() ?? 0) - low) / 255
      guard step > 0 else { continue }
      for index in row.indices {
        values[index] = ((values[index] - low) / step).rounded(.toNearestOrEven) * step + low
      }
    }
    if let factors { for index in values.indices { values[index] *= factors[index % length] } }
    return Tensor(values, shape: tensor.shape)
  }
}
