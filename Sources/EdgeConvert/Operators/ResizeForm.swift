import EdgeFormat

/// Geometry of a Resize or Upsample: the output's sizes and the scale of every axis.
///
/// Upsample: `scales` attribute (7) or input 1 (9); Resize: input 1 (10); scales input 2, sizes
/// input 3, `axes` (11 on).
struct ResizeForm {
  var shape: [Dimension]
  /// Output size over input size as the coordinate rule uses it; nil where a symbolic size decides.
  var scales: [Double?]
  /// Part of each axis that `tf_crop_and_resize` takes, where the node says so.
  var regions: [(start: Double, end: Double)?]
  private let input: [Dimension]

  init(
    _ node: Node, input: [Dimension], scales stated: [Float]?, sizes: [Dimension]?, region: [Float]
  ) throws {
    let axes = try (node.ints("axes") ?? Array(input.indices)).map {
      try axis($0, rank: input.count, node)
    }
    self.input = input
    shape = input
    scales = Array(repeating: 1, count: input.count)
    regions = Array(repeating: nil, count: input.count)
    if node.string("coordinate_transformation_mode") == "tf_crop_and_resize" {
      guard region.count == 2 * axes.count else {
        throw node.invalid("\(region.count) numbers of a region for \(axes.count) axes")
      }
      for (place, axis) in axes.enumerated() {
        regions[axis] = (Double(region[place]), Double(region[place + axes.count]))
      }
    }
    if let stated, !stated.isEmpty {
      try scale(node, axes, by: stated)
    } else {
      try fit(node, axes, to: sizes)
    }
  }

  private mutating func scale(_ node: Node, _ axes: [Int], by stated: [Float]) throws {
    guard stated.count == axes.count else {
      throw node.invalid("\(stated.count) scales for \(axes.count) axes")
    }
    for (axis, scale) in zip(axes, stated) {
      guard scale > 0, scale < 0x1p20 else { throw node.invalid("scale \(scale)") }
      scales[axis] = Double(scale)
      shape[axis] = try Self.scaled(input[axis], scale, node)
    }
  }

  private mutating func fit(_ node: Node, _ axes: [Int], to sizes: [Dimension]?) throws {
    guard let sizes, sizes.count == axes.count else {
      throw node.invalid("scales or sizes are missing")
    }
    let ratios = zip(axes, sizes).map { axis, size -> Double? in
      guard let from = input[axis].constant, let to = size.constant, from > 0 else { return nil }
      return Double(to) / Double(from)
    }
    let policy = node.string("keep_aspect_ratio_policy") ?? "stretch"
    guard sizes.allSatisfy({ ($0.constant ?? 0) < 1 << 40 && ($0.constant ?? 1) > 0 }) else {
      throw node.invalid("sizes \(sizes)")
    }
    let known = ratios.compactMap { $0 }
    let common = policy == "not_larger" ? known.min() : policy == "not_smaller" ? known.max() : nil
    for (index, axis) in axes.enumerated() {
      scales[axis] = common ?? ratios[index]
      if let common, let from = input[axis].constant {
        shape[axis] = Dimension(Int((common * Double(from) + 0.5).rounded(.down)))
      } else {
        shape[axis] = sizes[index]
      }
    }
  }

  private static func scaled(_ size: Dimension, _ scale: Float, _ node: Node) throws -> Dimension {
    if let known = size.constant { return Dimension(Int((Float(known) * scale).rounded(.down))) }
    if scale == scale.rounded() { return size * Dimension(Int(scale)) }
    let inverse = 1 / scale
    if inverse == inverse.rounded() { return size / Dimension(Int(inverse)) }
    throw ConversionError.obstacles([
      node.obstacle(
        "scales an axis of run-time size by \(scale)",
        remedy: "use an integer scale, or fix the size")
    ])
  }
}

extension ResizeForm {
  /// From operands that are known at conversion.
  /// - Throws: an obstacle when they are not.
  init(_ node: Node, _ graph: Graph) throws {
    let places = Self.operands(node)
    let sizes = places.sizes.flatMap {
      graph.operand(node, $0) == nil ? nil : graph.content(node, $0)
    }
    let scales = graph.constant(node, places.scales)?.floats ?? node.floats("scales")
    if scales == nil, sizes == nil {
      _ = try graph.integers(node, places.sizes ?? places.scales, "the new size")
    }
    try self.init(
      node, input: graph.shape(node, 0), scales: scales, sizes: sizes,
      region: places.sizes == nil ? [] : graph.constant(node, 1)?.floats ?? [])
  }

  /// From the operands of an evaluation.
  init(_ node: Node, _ inputs: [Tensor?]) throws {
    let places = Self.operands(node)
    try self.init(
      node, input: need(node, inputs, 0).shape.map { Dimension($0) },
      scales: optional(inputs, places.scales)?.floats ?? node.floats("scales"),
      sizes: places.sizes.flatMap { optional(inputs, $0)?.ints.map { Dimension($0) } },
      region: places.sizes == nil ? [] : optional(inputs, 1)?.floats ?? [])
  }

  private static func operands(_ node: Node) -> (scales: Int, sizes: Int?) {
    node.op == "Upsample" || node.opset < 11 ? (1, nil) : (2, 3)
  }

  /// The axes that do not stay as they are.
  var changed: [Int] {
    shape.indices.filter { axis in
      shape[axis] != input[axis] || scales[axis] != 1 || regions[axis] != nil
    }
  }

  /// How an axis is made; nil when its size depends on the caller.
  func rule(_ node: Node, axis: Int) throws -> ResizeRule? {
    guard let from = input[axis].constant, let to = shape[axis].constant, let scale = scales[axis]
    else { return nil }
    guard from > 0, to > 0 else { throw node.invalid("axis \(axis) is empty") }
    return try ResizeRule(node, input: from, output: to, scale: scale, region: regions[axis])
  }
}
