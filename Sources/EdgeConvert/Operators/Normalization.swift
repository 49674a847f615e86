import EdgeFormat

/// Normalizations, spelled out: statistics of runs of elements are reductions, and a reduction is
/// small beside the elements. Each divides, which keeps all of it in float.
extension Operator {
  static let normalizations: [Operator] = [
    batchNormalization, instanceNormalization, layerNormalization, groupNormalization,
    rmsNormalization, lpNormalization, localResponse, meanVariance,
  ]

  /// Over the axes behind the channel's.
  /// <https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html>
  private static let instanceNormalization = composite(
    "InstanceNormalization", opsets: 6...latestOpset
  ) { node, body in
    let x = try body.required(0)
    let rank = try body.shape(x).count
    let moments = try body.moments(
      of: x, over: Array(2..<max(rank, 2)), node.float("epsilon", 1e-5))
    return [
      try body.affine(
        moments.normal, body.perChannel(body.required(1), rank: rank),
        body.perChannel(body.required(2), rank: rank))
    ]
  }

  /// Over all axes from `axis` on; also the mean and 1 / sqrt(variance + epsilon).
  /// <https://onnx.ai/onnx/operators/onnx__LayerNormalization.html>
  private static let layerNormalization = composite(
    "LayerNormalization", opsets: 17...latestOpset
  ) { node, body in
    let x = try body.required(0)
    let moments = try body.moments(
      of: x, over: body.axesFrom(node, of: x), node.float("epsilon", 1e-5))
    let y = try body.affine(moments.normal, body.required(1), body.input(2))
    guard node.output(1) != nil || node.output(2) != nil else { return [y] }
    return [y, moments.mean, try body.apply("Reciprocal", [moments.deviation])]
  }

  /// Over the channels of a group; since 21 scale and bias are per channel, before per group.
  /// <https://onnx.ai/onnx/operators/onnx__GroupNormalization.html>
  private static let groupNormalization = composite(
    "GroupNormalization", opsets: 18...latestOpset
  ) { node, body in
    let x = try body.required(0)
    let shape = try body.shape(x)
    let groups = node.int("num_groups", 1)
    guard shape.count >= 2, let channels = shape[1].constant, groups > 0, channels % groups == 0
    else {
      throw node.invalid("channels do not fit groups")
    }
    let spatial = (2..<shape.count).map { Extent.axis($0, of: x) }
    let split = [Extent.axis(0, of: x), .fixed(groups), .fixed(channels / groups)] + spatial
    let moments = try body.moments(
      of: body.reshape(x, split), over: Array(2...shape.count), node.float("epsilon", 1e-5))
    let parameters = try (1...2).map { index -> ValueID in
      let parameter = try body.required(index)
      let isPerChannel = try body.shape(parameter).first == shape[1]
      let ones = [Extent](repeating: .fixed(1), count: spatial.count)
      let each = isPerChannel ? channels / groups : 1
      return try body.reshape(parameter, [.fixed(groups), .fixed(each)] + ones)
    }
    let y = try body.affine(moments.normal, parameters[0], parameters[1])
    return [try body.reshape(y, like: x)]
  }

  /// x / sqrt(mean(x²) + epsilon) * scale over all axes from `axis` on.
  /// <https://onnx.ai/onnx/operators/onnx__RMSNormalization.html>
  private static let rmsNormalization = composite(
    "RMSNormalization", opsets: 23...latestOpset
  ) { node, body in
    let x = try body.required(0)
    let square = try body.meanSquare(of: x, over: body.axesFrom(node, of: x))
    let root = try body.root(of: square, node.float("epsilon", 1e-5))
    return [try body.affine(body.apply("Div", [x, root]), body.required(1), nil)]
  }

  /// x / (sum |x|^p)^(1/p); 0 where the norm is 0.
  /// <https://onnx.ai/onnx/operators/onnx__LpNormalization.html>
  private static let lpNormalization = composite(
    "LpNormalization", opsets: 1...latestOpset,
    check: { node, _ in
      let order = node.int("p", 2)
      return order == 1 || order == 2
        ? [] : [node.obstacle("norm of order \(order)", remedy: "p 1 or 2")]
    }
  ) { node, body in
    let x = try body.required(0)
    let axis = try axis(node.int("axis", -1), rank: body.shape(x).count, node)
    let norm = try body.apply(
      node.int("p", 2) == 1 ? "ReduceL1" : "ReduceL2", [x, body.constant(ints: [axis])])
    let least = body.constant(.leastNormalMagnitude, try body.type(x))
    return [try body.apply("Div", [x, body.apply("Max", [norm, least])])]
  }

  /// x / (bias + alpha / size * sum of x² over `size` channels)^beta.
  ///
  /// The window is a sum of shifted slices, which stays exact where one of prefix sums would cancel.
  /// <https://onnx.ai/onnx/operators/onnx__LRN.html>
  private static let localResponse = composite("LRN", opsets: 1...latestOpset) { node, body in
    let x = try body.required(0)
    let shape = try body.shape(x)
    let type = try body.type(x)
    let size = node.int("size", 1)
    guard shape.count >= 2, let channels = shape[1].constant, (1...256).contains(size) else {
      throw node.refusal(
        "a window of \(size) over channels of a value \(shape)",
        remedy: "a known number of channels, and a window of 1 to 256")
    }
    var pads = [Int](repeating: 0, count: 2 * shape.count)
    pads[1] = (size - 1) / 2
    pads[shape.count + 1] = size / 2
    let squares = try body.apply(
      "Pad", [body.apply("Mul", [x, x]), body.constant(ints: pads), body.constant(0, type)])
    let slices = try (0..<size).map { start in
      try body.apply(
        "Slice",
        [
          squares, body.constant(ints: [start]), body.constant(ints: [start + channels]),
          body.constant(ints: [1]),
        ])
    }
    let sum = try body.apply("Sum", slices)
    let share = body.constant(node.float("alpha", 1e-4) / Float(size), type)
    let base = try body.affine(sum, share, body.constant(node.float("bias", 1), type))
    let power = try body.apply("Pow", [base, body.constant(node.float("beta", 0.75), type)])
    return [try body.apply("Div", [x, power])]
  }

  /// (x - mean) / (sqrt(variance) + 1e-9).
  /// <https://onnx.ai/onnx/operators/onnx__MeanVarianceNormalization.html>
  private static let meanVariance = composite(
    "MeanVarianceNormalization", opsets: 9...latestOpset
  ) { node, body in
    let x = try body.required(0)
    let rank = try body.shape(x).count
    let axes = try (node.ints("axes") ?? [0, 2, 3]).map { try axis($0, rank: rank, node) }
    let moments = try body.moments(of: x, over: axes, 0)
    let padded = try body.apply("Add", [moments.deviation, body.constant(1e-9, body.type(x))])
    return [try body.apply("Div", [moments.centred, padded])]
  }
}

/// Statistics of runs of elements, each with the reduced axes of size 1, and what they normalize.
struct Moments {
  var mean: ValueID
  /// x - mean.
  var centred: ValueID
  /// Mean of the squares of what is centred.
  var variance: ValueID
  /// sqrt(variance + epsilon).
  var deviation: ValueID
  /// centred / deviation.
  var normal: ValueID
}

extension Expansion {
  /// Mean and variance over some axes.
  mutating func moments(of x: ValueID, over axes: [Int], _ epsilon: Float) throws -> Moments {
    let mean = try apply(
      "ReduceMean", [x, constant(ints: axes)], ["noop_with_empty_axes": .int(1)])
    let centred = try apply("Sub", [x, mean])
    let variance = try meanSquare(of: centred, over: axes)
    let deviation = try root(of: variance, epsilon)
    return Moments(
      mean: mean, centred: centred, variance: variance, deviation: deviation,
      normal: try apply("Div", [centred, deviation]))
  }

  /// mean(x²); a sum of squares is one node, where the squares alone would be as large as x.
  fileprivate mutating func meanSquare(of x: ValueID, over axes: [Int]) throws -> ValueID {
    let list = constant(ints: axes)
    let noop: [String: Attribute] = ["noop_with_empty_axes": .int(1)]
    let shape = try shape(x)
    guard let count = axes.reduce(Dimension(1), { $0 * shape[$1] }).constant else {
      return try apply("ReduceMean", [apply("Mul", [x, x]), list], noop)
    }
    let sum = try apply("ReduceSumSquare", [x, list], noop)
    return try apply("Div", [sum, constant(Float(count), type(x))])
  }

  /// sqrt(x + epsilon).
  fileprivate mutating func root(of x: ValueID, _ epsilon: Float) throws -> ValueID {
    let padded = epsilon == 0 ? x : try apply("Add", [x, constant(epsilon, type(x))])
    return try apply("Sqrt", [padded])
  }

  /// All axes of a value from the node's attribute `axis` on.
  fileprivate func axesFrom(_ node: Node, of x: ValueID) throws -> [Int] {
    let rank = try shape(x).count
    return Array(try axis(node.int("axis", -1), rank: rank, node)..<rank)
  }
}
