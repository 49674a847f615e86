extension Operator {
  /// theta `[N, 2, 3]` or `[N, 3, 4]`, size → grid `[N, size..., 2 or 3]`: a product with the
  /// constant grid of all places. <https://onnx.ai/onnx/operators/onnx__AffineGrid.html>
  static let affineGrid = Operator.composite("AffineGrid", opsets: 20...latestOpset) { node, body in
    let theta = try body.required(0)
    guard let size = body.tensor(node.input(1))?.ints, (4...5).contains(size.count) else {
      throw ConversionError.obstacles([
        node.obstacle("size is not a constant of four or five axes", remedy: "make it constant")
      ])
    }
    let spatial = Array(size.dropFirst(2))
    let isAligned = node.int("align_corners", 0) != 0
    var places: [[Float]] = [[1]]
    for extent in spatial {
      let count = Double(extent)
      let coordinates = (0..<extent).map { index -> Float in
        if isAligned { return extent == 1 ? 0 : Float(Double(index) * 2 / (count - 1) - 1) }
        return Float((2 * Double(index) + 1) / count - 1)
      }
      places = places.flatMap { place in coordinates.map { [$0] + place } }
    }
    let matrix = Tensor(
      places.flatMap { $0 }, shape: [places.count, spatial.count + 1], type: try body.type(theta))
    let grid = try body.apply(
      "MatMul", [body.constant(matrix), body.transpose(theta, [0, 2, 1])])
    return [
      try body.reshape(
        grid,
        [.axis(0, of: theta)] + spatial.map { .fixed($0) } + [.fixed(spatial.count)])
    ]
  }
}
