import EdgeFormat

extension Operator {
  /// x `[N, C * taps, positions]`, image_shape, block_shape → y `[N, C, image...]`: blocks added up
  /// where they overlap, which is a transposed convolution that puts each tap in its place.
  /// <https://onnx.ai/onnx/operators/onnx__Col2Im.html>
  static let columnsToImage = Operator.composite("Col2Im", opsets: 18...latestOpset) { node, body in
    let x = try body.required(0)
    guard let image = body.tensor(node.input(1))?.ints,
      let block = body.tensor(node.input(2))?.ints,
      image.count == block.count, (1...3).contains(block.count)
    else {
      throw ConversionError.obstacles([
        node.obstacle(
          "image_shape and block_shape are not constants of one to three axes",
          remedy: "make them constant")
      ])
    }
    let window = try Window(node, spatial: image.map { Dimension($0) }, kernel: block)
    let positions = window.output.compactMap(\.constant)
    let taps = block.reduce(1, *)
    guard let channels = try body.shape(x)[1].constant, channels % taps == 0 else {
      throw node.invalid("the channels do not hold blocks of \(block)")
    }
    var weights = [Float](repeating: 0, count: taps * taps)
    for tap in 0..<taps { weights[tap * taps + tap] = 1 }
    let columns = try body.reshape(
      x, [.axis(0, of: x, times: channels / taps), .fixed(taps)] + positions.map { .fixed($0) })
    var attributes = node.attributes.filter { ["strides", "dilations", "pads"].contains($0.key) }
    let surplus = image.indices.map { axis in
      let reach = (block[axis] - 1) * window.dilations[axis] + 1
      let pads = (node.ints("pads") ?? []).enumerated()
        .reduce(0) { $1.offset % image.count == axis ? $0 + $1.element : $0 }
      return image[axis] + pads - (positions[axis] - 1) * window.strides[axis] - reach
    }
    attributes["output_padding"] = .ints(surplus.map { Int64($0) })
    let filters = Tensor(weights, shape: [taps, 1] + block, type: try body.type(x))
    let y = try body.apply("ConvTranspose", [columns, body.constant(filters)], attributes)
    return [
      try body.reshape(
        y, [.axis(0, of: x), .fixed(channels / taps)] + image.map { .fixed($0) })
    ]
  }
}
