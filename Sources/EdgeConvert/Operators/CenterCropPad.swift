extension Operator {
  /// x cut or filled with zeros evenly on both sides of `axes`, to a shape; of an odd number the
  /// larger part behind. <https://onnx.ai/onnx/operators/onnx__CenterCropPad.html>
  static let centerCropPad = Operator.composite("CenterCropPad", opsets: 18...latestOpset) {
    node, body in
    let x = try body.required(0)
    let shape = try body.shape(x)
    let axes = try (node.ints("axes") ?? Array(shape.indices)).map {
      try axis($0, rank: shape.count, node)
    }
    guard let target = body.tensor(node.input(1))?.ints, target.count == axes.count else {
      throw ConversionError.obstacles([
        node.obstacle(
          "the shape is not a constant of \(axes.count) sizes", remedy: "make it constant")
      ])
    }
    var before = [Int](repeating: 0, count: shape.count)
    var after = before
    for (axis, size) in zip(axes, target) {
      guard let own = shape[axis].constant else {
        throw ConversionError.obstacles([
          node.obstacle("axis \(axis) has a run-time size", remedy: "fix it in the model")
        ])
      }
      let change = size - own
      before[axis] = change / 2
      after[axis] = change - change / 2
    }
    return [try body.apply("Pad", [x, body.constant(ints: before + after)])]
  }
}
