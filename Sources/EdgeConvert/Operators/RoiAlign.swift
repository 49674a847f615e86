import CEdgeKernels
import EdgeFormat

extension Operator {
  /// x `[N, C, H, W]`, rois `[R, 4]`, batch_indices `[R]` → y `[R, C, output_height,
  /// output_width]`. <https://onnx.ai/onnx/operators/onnx__RoiAlign.html>
  static let roiAlign = Operator(
    "RoiAlign", opsets: 10...latestOpset,
    infer: { node, graph in
      let x = try graph.shape(node, 0)
      let rois = try graph.shape(node, 1)
      guard x.count == 4, rois.count == 2 else { throw node.invalid("x or rois have other axes") }
      let size = [node.int("output_height", 1), node.int("output_width", 1)]
      return [
        ValueType(
          type: try graph.type(node, 0), shape: [rois[0], x[1]] + size.map { Dimension($0) })
      ]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0).transposed([0, 2, 3, 1])
      let rois = try need(node, inputs, 1).floats
      let images = try need(node, inputs, 2).ints
      let parameters = try roiParameters(node)
      var form = edge_roi_align()
      (form.in_h, form.in_w) = (Int32(x.shape[1]), Int32(x.shape[2]))
      form.channels = Int32(x.shape[3])
      form.out_h = Int32(node.int("output_height", 1))
      form.out_w = Int32(node.int("output_width", 1))
      form.samples = parameters.samples
      form.is_max = parameters.isMax
      form.scale = parameters.scale
      form.offset = parameters.offset
      let extent = x.shape.dropFirst().reduce(1, *)
      let shape = [images.count, Int(form.out_h), Int(form.out_w), x.shape[3]]
      guard rois.count == 4 * images.count, images.allSatisfy((0..<x.shape[0]).contains) else {
        throw node.invalid("regions do not fit x \(x.shape)")
      }
      let values = images.enumerated().flatMap { region, image -> [Float] in
        var part = [Float](repeating: 0, count: shape.dropFirst().reduce(1, *))
        edge_roi_align_f32(
          &form, Array(x.floats[(image * extent)..<((image + 1) * extent)]),
          Array(rois[(4 * region)..<(4 * region + 4)]), &part)
        return part
      }
      return [Tensor(values, shape: shape, type: x.type).transposed([0, 3, 1, 2])]
    },
    lower: Lowering.roiAlign)

  /// Opset 16 added half pixels, and made them the default.
  static func roiParameters(_ node: Node) throws -> RoiAlignParameters {
    var parameters = RoiAlignParameters()
    parameters.samples = Int32(clamping: node.int("sampling_ratio", 0))
    parameters.scale = node.float("spatial_scale", 1)
    switch node.string("mode") ?? "avg" {
    case "avg": break
    case "max": parameters.isMax = 1
    case let other: throw node.invalid("mode \"\(other)\" does not exist")
    }
    let standard = node.opset < 16 ? "output_half_pixel" : "half_pixel"
    switch node.string("coordinate_transformation_mode") ?? standard {
    case "half_pixel": parameters.offset = 0.5
    case "output_half_pixel": break
    case let other: throw node.invalid("coordinate_transformation_mode \"\(other)\"")
    }
    return parameters
  }
}

extension Lowering {
  /// RoiAlign with channels last.
  static func roiAlign(_ node: Node, _ lowering: inout Lowering) throws {
    let order = AxisOrder.channelsLast(4)
    let x = try lowering.operand(lowering.input(node, 0), .float, order: order)
    let rois = try lowering.operand(lowering.input(node, 1), .float, order: [0, 1])
    let images = try lowering.operand(lowering.input(node, 2), .type(.int64))
    let y = try lowering.result(lowering.output(node), order: order)
    lowering.emit(
      .roiAlign, [x.tensor, rois.tensor, images.tensor], [y.tensor],
      try Operator.roiParameters(node))
    try lowering.deliver(lowering.output(node), y)
  }
}
