import EdgeFormat
import Foundation

extension Operator {
  static let normalizations: [Operator] = [
    batchNormalization, instanceNormalization, layerNormalization, groupNormalization,
    rmsNormalization,
    lpNormalization, localResponse, meanVariance,
  ]

  /// y = (x - mean) / sqrt(var + epsilon) * scale + B per channel, with stored statistics.
  /// <https://onnx.ai/onnx/operators/onnx__BatchNormalization.html>
  private static let batchNormalization = Operator(
    "BatchNormalization", opsets: 7...latestOpset,
    check: { node, _ in
      guard
        node.int("training_mode", 0) != 0 || node.outputs.dropFirst().contains(where: { $0 != nil })
      else {
        return []
      }
      return [
        node.obstacle(
          "computes statistics (training mode)", remedy: "export the model in inference mode")
      ]
    },
    infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let affine = try ChannelAffine(batchNormalization: node, inputs)
      let shape = x.shape.count < 2 ? [1, x.count] : x.shape
      return [affine.applied(to: x.reshaped(shape)).reshaped(x.shape)]
    }, lower: nil)

  private static let instanceNormalization = Operator(
    "InstanceNormalization", opsets: 6...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let normal = normalize(
        x, run: x.shape.dropFirst(2).reduce(1, *), epsilon: node.float("epsilon", 1e-5))
      let affine = ChannelAffine(
        scale: try need(node, inputs, 1).floats, shift: try need(node, inputs, 2).floats)
      return [affine.applied(to: normal)]
    }, lower: nil)

  /// Since 21 scale and bias are per channel, before per group.
  private static let groupNormalization = Operator(
    "GroupNormalization", opsets: 18...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let groups = node.int("num_groups", 1)
      guard x.shape.count >= 2, groups > 0, x.shape[1] % groups == 0 else {
        throw node.invalid("channels do not fit groups")
      }
      let run = x.shape.dropFirst(1).reduce(1, *) / groups
      let normal = normalize(x, run: run, epsilon: node.float("epsilon", 1e-5))
      let perChannel = try (1...2).map { index -> [Float] in
        let values = try need(node, inputs, index).floats
        if values.count == x.shape[1] { return values }
        return values.flatMap { Array(repeating: $0, count: x.shape[1] / groups) }
      }
      return [ChannelAffine(scale: perChannel[0], shift: perChannel[1]).applied(to: normal)]
    }, lower: nil)

  /// Over all axes from `axis` on. <https://onnx.ai/onnx/operators/onnx__LayerNormalization.html>
  private static let layerNormalization = Operator(
    "LayerNormalization", opsets: 17...latestOpset,
    infer: { node, graph in
      let shape = try graph.shape(node, 0)
      let axis = try axis(node.int("axis", -1), rank: shape.count, node)
      let statistics =
        shape.prefix(axis) + Array(repeating: Dimension(1), count: shape.count - axis)
      let type = try graph.type(node, 0)
      return [ValueType(type: type, shape: shape)]
        + (0..<2).map { _ in ValueType(type: .float32, shape: Array(statistics)) }
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let axis = try axis(node.int("axis", -1), rank: x.shape.count, node)
      let run = x.shape.dropFirst(axis).reduce(1, *)
      let epsilon = node.float("epsilon", 1e-5)
      let scaled = try combine(
        node, normalize(x, run: run, epsilon: epsilon), need(node, inputs, 1), { $0 * $1 },
        { a, _ in a })
      let y =
        try optional(inputs, 2).map { try combine(node, scaled, $0, { $0 + $1 }, { a, _ in a }) }
        ?? scaled
      let shape = Array(x.shape.prefix(axis)) + Array(repeating: 1, count: x.shape.count - axis)
      let statistics = moments(x.floats, run: run)
      return [
        y, Tensor(statistics.map { Float($0.mean) }, shape: shape),
        Tensor(
          statistics.map { Float(1 / ($0.variance + Double(epsilon)).squareRoot()) }, shape: shape),
      ]
    }, lower: nil)

  /// x / sqrt(mean(x²) + epsilon) * scale.
  /// <https://onnx.ai/onnx/operators/onnx__RMSNormalization.html>
  private static let rmsNormalization = Operator(
    "RMSNormalization", opsets: 23...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let axis = try axis(node.int("axis", -1), rank: x.shape.count, node)
      let epsilon = Double(node.float("epsilon", 1e-5))
      let normal = mapRuns(x, run: x.shape.dropFirst(axis).reduce(1, *)) { values in
        let square =
          values.reduce(Double(0)) { $0 + Double($1) * Double($1) } / Double(values.count)
        let factor = Float(1 / (square + epsilon).squareRoot())
        return values.map { $0 * factor }
      }
      return [try combine(node, normal, need(node, inputs, 1), { $0 * $1 }, { a, _ in a })]
    }, lower: nil)

  private static let lpNormalization = Operator(
    "LpNormalization", opsets: 1...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let axis = try axis(node.int("axis", -1), rank: x.shape.count, node)
      let order = x.shape.indices.filter { $0 != axis } + [axis]
      let normal = mapRuns(x.transposed(order), run: x.shape[axis]) { values in
        let norm =
          node.int("p", 2) == 1
          ? values.reduce(Double(0)) { $0 + Double(abs($1)) }
          : values.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot()
        return values.map { norm == 0 ? 0 : Float(Double($0) / norm) }
      }
      return [normal.transposed(order.indices.map { order.firstIndex(of: $0) ?? 0 })]
    }, lower: nil)

  /// Local response normalization. <https://onnx.ai/onnx/operators/onnx__LRN.html>
  private static let localResponse = Operator(
    "LRN", opsets: 1...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      guard x.shape.count >= 2 else { throw node.invalid("needs a channel axis") }
      let size = node.int("size", 1)
      let (alpha, beta, bias) = (
        node.float("alpha", 1e-4), node.float("beta", 0.75), node.float("bias", 1)
      )
      let (channels, inner) = (x.shape[1], x.shape.dropFirst(2).reduce(1, *))
      let data = x.floats
      let values = data.indices.map { index -> Float in
        let channel = index / inner % channels
        let first = max(0, channel - (size - 1) / 2)
        let last = min(channels - 1, channel + size / 2)
        var sum = Float(0)
        for other in first...max(first, last) {
          let value = data[index + (other - channel) * inner]
          sum += value * value
        }
        return data[index] / pow(bias + alpha / Float(size) * sum, beta)
      }
      return [Tensor(values, shape: x.shape)]
    }, lower: nil)

  private static let meanVariance = Operator(
    "MeanVarianceNormalization", opsets: 9...latestOpset, infer: sameAsInput,
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let axes = try (node.ints("axes") ?? [0, 2, 3]).map {
        try axis($0, rank: x.shape.count, node)
      }
      let order = x.shape.indices.filter { !axes.contains($0) } + axes
      let rows = x.transposed(order)
      let normal = mapRuns(rows, run: axes.map { x.shape[$0] }.reduce(1, *)) { values in
        let moment = moments(Array(values), run: values.count)[0]
        return values.map {
          Float((Double($0) - moment.mean) / (moment.variance.squareRoot() + 1e-9))
        }
      }
      return [normal.transposed(order.indices.map { order.firstIndex(of: $0) ?? 0 })]
    }, lower: nil)

  private static func normalize(_ x: Tensor, run: Int, epsilon: Float) -> Tensor {
    mapRuns(x, run: run) { values in
      let moment = moments(Array(values), run: values.count)[0]
      let factor = 1 / (moment.variance + Double(epsilon)).squareRoot()
      return values.map { Float((Double($0) - moment.mean) * factor) }
    }
  }

  private static func mapRuns(_ x: Tensor, run: Int, _ body: (ArraySlice<Float>) -> [Float])
    -> Tensor
  {
    let data = x.floats
    let values = (0..<(run == 0 ? 0 : data.count / run)).flatMap {
      body(data[($0 * run)..<(($0 + 1) * run)])
    }
    return Tensor(values, shape: x.shape, type: x.type)
  }

  private static func moments(_ data: [Float], run: Int) -> [(mean: Double, variance: Double)] {
    (0..<(run == 0 ? 0 : data.count / run)).map { row in
      let values = data[(row * run)..<((row + 1) * run)]
      let mean = values.reduce(Double(0)) { $0 + Double($1) } / Double(run)
      let variance =
        values.reduce(Double(0)) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(run)
      return (mean, variance)
    }
  }
}

/// y = x * scale + shift per channel (axis 1).
struct ChannelAffine {
  var scale: [Float]
  var shift: [Float]

  init(scale: [Float], shift: [Float]) {
    self.scale = scale
    self.shift = shift
  }

  /// What a BatchNormalization with these operands computes.
  /// - Throws: `ConversionError.invalid` when the operands differ in length.
  init(batchNormalization node: Node, _ inputs: [Tensor?]) throws {
    let parts = try (1...4).map { try need(node, inputs, $0).floats.map(Double.init) }
    guard parts.allSatisfy({ $0.count == parts[0].count }) else {
      throw node.invalid("statistics differ in length")
    }
    let epsilon = Double(node.float("epsilon", 1e-5))
    let factors = parts[0].indices.map { parts[0][$0] / (parts[3][$0] + epsilon).squareRoot() }
    scale = factors.map { Float($0) }
    shift = factors.indices.map { Float(parts[1][$0] - parts[2][$0] * factors[$0]) }
  }

  func applied(to x: Tensor) -> Tensor {
    let inner = x.shape.dropFirst(2).reduce(1, *)
    var values = x.floats
    values.withUnsafeMutableBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: max(inner, 1)) {
        let channel = start / max(inner, 1) % scale.count
        let (factor, offset) = (scale[channel], shift[channel])
        for i in start..<min(start + inner, values.count) {
          values[i] = values[i] * factor + offset
        }
      }
    }
    return Tensor(values, shape: x.shape, type: x.type)
  }
}
