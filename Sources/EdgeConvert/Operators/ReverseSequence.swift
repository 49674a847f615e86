extension Operator {
  /// The first `sequence_lens[b]` steps of sequence b in reverse.
  /// <https://onnx.ai/onnx/operators/onnx__ReverseSequence.html>
  static let reverseSequence = Operator.composite("ReverseSequence", opsets: 10...latestOpset) {
    node, body in
    let x = try body.required(0)
    let rank = try body.shape(x).count
    let batch = try axis(node.int("batch_axis", 1), rank: rank, node)
    let time = try axis(node.int("time_axis", 0), rank: rank, node)
    guard batch != time, rank >= 2 else { throw node.invalid("has one axis for batch and time") }
    let order = [batch, time] + (0..<rank).filter { $0 != batch && $0 != time }
    let sequences = try body.transpose(x, order)
    // Step t of a sequence of length n comes from step n - 1 - t while that is not below 0.
    let steps = try body.sizes(x)[time]
    let step = body.constant(Tensor((0..<steps).map { Int64($0) }, shape: [1, steps]))
    let lengths = try body.apply("Unsqueeze", [try body.required(1), body.constant(ints: [1])])
    let mirrored = try body.apply(
      "Sub", [try body.apply("Sub", [lengths, body.constant(ints: [1])]), step])
    let isInside = try body.apply("GreaterOrEqual", [mirrored, body.constant(ints: [0])])
    let source = try body.apply("Where", [isInside, mirrored, step])
    let tuples = try body.apply("Unsqueeze", [source, body.constant(ints: [2])])
    let reversed = try body.apply("GatherND", [sequences, tuples], ["batch_dims": .int(1)])
    return [try body.transpose(reversed, (0..<rank).map { order.firstIndex(of: $0) ?? 0 })]
  }
}
