import EdgeFormat

extension Lowering {
  /// Resize and Upsample, nearest and linear, over the spatial axes.
  static func resize(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let outputShape = try lowering.shape(of: target)
    let axes = try lowering.resizedAxes(node, shape, outputShape)
    let order = AxisOrder.channelsLast(shape.count)
    let x = try lowering.operand(source, lowering.moved(source), order: order)
    let y = try lowering.result(like: x.tensor, target, order: order)
    let input = lowering.view(x.tensor, dims: Lowering.imageDims(shape))
    let output = lowering.view(y.tensor, dims: Lowering.imageDims(outputShape))
    let name = lowering.graph[target].name
    switch node.string("mode") ?? "nearest" {
    case "nearest":
      let isPlain = node.opset < 11
      let rounding = isPlain ? "floor" : node.string("nearest_mode") ?? "round_prefer_floor"
      let tables = try axes.map { axis in
        guard let table = ResizeTable(nearest: axis, rounding: rounding) else {
          throw lowering.unsupported(
            node, "mode \(axis.mode) with rounding \(rounding)", remedy: "a mode of ONNX's Resize")
        }
        return table
      }
      let indices = ["rows", "columns"].enumerated().map { index, part in
        lowering.constant(tables[index].first, type: .int32, name: "\(name)/\(part)")
      }
      lowering.emit(.resizeNearest, [input] + indices, [output])
    case "linear", "bilinear":
      let tables = try axes.map { axis in
        guard let table = ResizeTable(linear: axis) else {
          throw lowering.unsupported(node, "mode \(axis.mode)", remedy: "a mode of ONNX's Resize")
        }
        return table
      }
      var operands: [PlanTensorID?] = [input]
      for (table, part) in zip(tables, ["row", "column"]) {
        operands.append(lowering.constant(table.first, type: .int32, name: "\(name)/\(part)0"))
        operands.append(lowering.constant(table.second, type: .int32, name: "\(name)/\(part)1"))
        operands.append(
          lowering.constant(table.weight, type: .float32, name: "\(name)/\(part)_weight"))
      }
      lowering.emit(.resizeLinear, operands, [output])
    case let mode:
      throw lowering.unsupported(node, "mode '\(mode)'", remedy: "nearest or linear")
    }
    lowering.define(target, as: y)
  }

  /// The two spatial axes of the kernel; a one-dimensional input has height 1.
  private func resizedAxes(
    _ node: Node, _ shape: [Dimension], _ outputShape: [Dimension]
  ) throws -> [ResizeTable.Axis] {
    guard shape.count == 3 || shape.count == 4, shape[0] == outputShape[0],
      shape[1] == outputShape[1]
    else {
      throw unsupported(
        node, "shape \(shape) to \(outputShape)",
        remedy: "[N, C, L] or [N, C, H, W] with N and C kept")
    }
    guard node.int("antialias") != 1, node.int("exclude_outside") != 1 else {
      throw unsupported(node, "antialias or exclude_outside", remedy: "resize without them")
    }
    let scales = try scaleList(node)
    let mode =
      node.opset < 11 ? "asymmetric" : node.string("coordinate_transformation_mode") ?? "half_pixel"
    let region = mode == "tf_crop_and_resize" ? try constantInput(node, 1)?.floats : nil
    var axes = [ResizeTable.Axis(input: 1, output: 1, scale: 1, mode: "asymmetric")]
    for axis in 2..<shape.count {
      guard let input = shape[axis].constant, let output = outputShape[axis].constant, input > 0
      else {
        throw unsupported(
          node, "axis \(axis) of run-time size", remedy: "fix its size in the model")
      }
      let scale = scales.map { Double($0[axis]) } ?? Double(output) / Double(input)
      var resized = ResizeTable.Axis(input: input, output: output, scale: scale, mode: mode)
      if let region, region.count == 2 * shape.count {
        resized.region = (Double(region[axis]), Double(region[axis + shape.count]))
      }
      axes.append(resized)
    }
    return Array(axes.suffix(2))
  }

  /// The scales of all axes, if the node gives scales rather than sizes.
  private func scaleList(_ node: Node) throws -> [Float]? {
    let rank = try shape(of: input(node, 0)).count
    if node.floats("scales") != nil { return node.floats("scales") }
    let index = node.opset < 11 || node.op == "Upsample" ? 1 : 2
    guard let scales = try constantInput(node, index)?.floats, !scales.isEmpty else { return nil }
    guard let listed = node.ints("axes") else { return scales.count == rank ? scales : nil }
    var all = [Float](repeating: 1, count: rank)
    for (position, raw) in listed.enumerated() where position < scales.count {
      all[try EdgeConvert.axis(raw, rank: rank, node)] = scales[position]
    }
    return all
  }
}
