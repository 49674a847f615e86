import CEdgeKernels
import EdgeFormat

/// How a GridSample reads: the codes of `edge_grid_sample`.
///
/// Mode names changed at opset 20. `edge.pixels` (int 1), which a deformable convolution writes, says
/// that coordinates count elements.
struct SampleForm {
  var parameters = GridSampleParameters()

  init(_ node: Node) throws {
    switch node.string("mode") ?? "linear" {
    case "nearest": parameters.mode = Int32(EDGE_SAMPLE_NEAREST)
    case "linear", "bilinear": parameters.mode = Int32(EDGE_SAMPLE_LINEAR)
    case "cubic", "bicubic": parameters.mode = Int32(EDGE_SAMPLE_CUBIC)
    case let other: throw node.invalid("mode \"\(other)\" does not exist")
    }
    switch node.string("padding_mode") ?? "zeros" {
    case "zeros": parameters.padding = Int32(EDGE_SAMPLE_ZEROS)
    case "border": parameters.padding = Int32(EDGE_SAMPLE_BORDER)
    case "reflection": parameters.padding = Int32(EDGE_SAMPLE_REFLECTION)
    case let other: throw node.invalid("padding_mode \"\(other)\" does not exist")
    }
    let isAligned = node.int("align_corners", 0) != 0
    parameters.coordinates = Int32(
      node.int("edge.pixels", 0) != 0
        ? EDGE_SAMPLE_PIXELS : isAligned ? EDGE_SAMPLE_CORNERS : EDGE_SAMPLE_HALF_PIXELS)
  }
}

extension Operator {
  /// x `[N, C, spatial...]`, grid `[N, output..., axes]` → y `[N, C, output...]`: x at the grid's
  /// places. <https://onnx.ai/onnx/operators/onnx__GridSample.html>
  static let gridSample = Operator(
    "GridSample", opsets: 16...latestOpset,
    check: { node, graph in
      guard let rank = graph.operand(node, 0)?.shape?.count, !(4...5).contains(rank) else {
        return []
      }
      return [node.obstacle("samples \(rank - 2) axes", remedy: "use two or three spatial axes")]
    },
    infer: { node, graph in
      let x = try graph.shape(node, 0)
      let grid = try graph.shape(node, 1)
      guard x.count == grid.count, x.count >= 3, (grid.last?.constant ?? x.count - 2) == x.count - 2
      else { throw node.invalid("a grid \(grid) does not fit x \(x)") }
      _ = try SampleForm(node)
      return [
        ValueType(type: try graph.type(node, 0), shape: x.prefix(2) + grid.dropFirst().dropLast())
      ]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let grid = try need(node, inputs, 1)
      let rank = x.shape.count - 2
      guard (2...3).contains(rank), grid.shape.count == rank + 2, grid.shape.last == rank else {
        throw node.invalid("a grid \(grid.shape) does not fit x \(x.shape)")
      }
      let parameters = try SampleForm(node).parameters
      let size = [1] + x.shape.dropFirst(2)
      var form = edge_grid_sample()
      form.rank = Int32(rank)
      form.size = (Int32(size[rank - 2]), Int32(size[rank - 1]), Int32(size[rank]))
      form.channels = Int32(x.shape[1])
      form.points = Int64(grid.shape.dropFirst().dropLast().reduce(1, *))
      form.mode = parameters.mode
      form.padding = parameters.padding
      form.coordinates = parameters.coordinates
      let points = Int(form.points) * x.shape[0]
      var result = [Float](repeating: 0, count: points * x.shape[1])
      let order = AxisOrder.channelsLast(x.shape.count)
      edge_grid_sample_f32(
        &form, x.transposed(order).floats, grid.floats, &result, 0, Int64(points))
      let shape = [x.shape[0]] + grid.shape.dropFirst().dropLast() + [x.shape[1]]
      let stored = Tensor(result, shape: Array(shape), type: x.type)
      return [stored.transposed([0, rank + 1] + Array(1...rank))]
    },
    lower: Lowering.gridSample)
}

extension Lowering {
  /// GridSample with channels last.
  static func gridSample(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let order = AxisOrder.channelsLast(try lowering.shape(of: source).count)
    let x = try lowering.operand(source, .float, order: order)
    let grid = try lowering.operand(lowering.input(node, 1), .float, order: Array(order.indices))
    let y = try lowering.result(lowering.output(node), order: order)
    lowering.emit(
      .gridSample, [x.tensor, grid.tensor], [y.tensor], try SampleForm(node).parameters)
    try lowering.deliver(lowering.output(node), y)
  }
}
