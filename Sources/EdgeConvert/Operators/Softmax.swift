import EdgeFormat
import Foundation

/// exp(x) / sum(exp(x)) and its logarithm; up to opset 12 over all axes from `axis` on, since 13
/// over `axis` alone. <https://onnx.ai/onnx/operators/onnx__Softmax.html>
extension Operator {
  static let softmaxes: [Operator] = [
    Operator(
      "Softmax", opsets: 1...latestOpset, infer: sameAsInput,
      evaluate: { node, inputs in [try softmax(node, inputs)] },
      lower: Lowering.softmax),
    // x - max - log(sum(exp(x - max))), which keeps what the logarithm of a softmax would round to 0.
    .composite("LogSoftmax", opsets: 1...latestOpset) { node, body in
      let x = try body.required(0)
      let axes = body.constant(ints: try softmaxAxes(node, rank: body.shape(x).count))
      let shifted = try body.apply("Sub", [x, body.apply("ReduceMax", [x, axes])])
      let sum = try body.apply("ReduceSum", [body.apply("Exp", [shifted]), axes])
      return [try body.apply("Sub", [shifted, body.apply("Log", [sum])])]
    },
  ]

  /// The axes that are normalized together.
  static func softmaxAxes(_ node: Node, rank: Int) throws -> [Int] {
    let flattens = node.opset < 13
    let first = try axis(node.int("axis", flattens ? 1 : -1), rank: rank, node)
    return flattens ? Array(first..<rank) : [first]
  }

  private static func softmax(_ node: Node, _ inputs: [Tensor?]) throws -> Tensor {
    let x = try need(node, inputs, 0)
    let runs = try AxisRuns(node, x.shape)
    var values = x.floats
    values.withUnsafeMutableBufferPointer { values in
      runs.forEach { indices in
        var peak = -Float.infinity
        for i in indices { peak = max(peak, values[i]) }
        if peak == -.infinity { peak = 0 }
        var sum = Double(0)
        for i in indices { sum += Double(exp(values[i] - peak)) }
        for i in indices { values[i] = exp(values[i] - peak) / Float(sum) }
      }
    }
    return Tensor(values, shape: x.shape, type: x.type)
  }
}

/// The runs of elements that a softmax normalizes.
private struct AxisRuns {
  let outer: Int
  let count: Int
  let inner: Int

  init(_ node: Node, _ shape: [Int]) throws {
    if shape.isEmpty {
      (outer, count, inner) = (1, 1, 1)
      return
    }
    let modern = node.opset >= 13
    let stated = node.int("axis", modern ? -1 : 1)
    let axis =
      !modern && stated == shape.count
      ? stated : try EdgeConvert.axis(stated, rank: shape.count, node)
    outer = shape.prefix(axis).reduce(1, *)
    count = modern ? shape[axis] : shape.dropFirst(axis).reduce(1, *)
    inner = modern ? shape.dropFirst(axis + 1).reduce(1, *) : 1
  }

  func forEach(_ body: (StrideTo<Int>) -> Void) {
    for i in 0..<outer {
      for j in 0..<inner {
        let start = i * count * inner + j
        body(stride(from: start, to: start + count * inner, by: inner))
      }
    }
  }
}
