import EdgeFormat

/// The part that a Slice takes: y[i] = x[start + i * step] on every axis of x.
///
/// Attributes `starts`, `ends`, `axes` up to opset 9; inputs 1...4 since 10.
public struct SliceForm: Sendable {
  /// First element on each axis, resolved to 0 or more.
  public var starts: [Dimension]
  public var steps: [Int]
  public var shape: [Dimension]

  /// - Throws: an obstacle when starts, ends, axes or steps depend on run-time data.
  public init(_ node: Node, _ graph: Graph) throws {
    func content(_ index: Int, _ what: String) throws -> [Dimension]? {
      if node.input(index) == nil { return node.ints(what)?.map { Dimension($0) } }
      if let known = graph.content(node, index) { return known }
      return try graph.integers(node, index, what).map { Dimension($0) }
    }
    try self.init(
      node, input: graph.shape(node, 0), starts: content(1, "starts"), ends: content(2, "ends"),
      axes: content(3, "axes"), steps: content(4, "steps"))
  }

  init(
    _ node: Node, input: [Dimension], starts: [Dimension]?, ends: [Dimension]?, axes: [Dimension]?,
    steps: [Dimension]?
  ) throws {
    guard let starts, let ends, starts.count == ends.count else {
      throw node.invalid("starts or ends are missing")
    }
    let axes = try (axes?.compactMap(\.constant) ?? Array(starts.indices)).map {
      try axis($0, rank: input.count, node)
    }
    let strides = steps?.compactMap(\.constant) ?? Array(repeating: 1, count: starts.count)
    guard axes.count == starts.count, strides.count == starts.count, !strides.contains(0) else {
      throw node.invalid("starts, ends, axes and steps differ in length, or a step is 0")
    }
    self.starts = Array(repeating: Dimension(0), count: input.count)
    self.steps = Array(repeating: 1, count: input.count)
    shape = input
    for (index, axis) in axes.enumerated() {
      let step = max(min(strides[index], 1 << 40), -1 << 40)
      let size = input[axis]
      let start = Self.place(starts[index], size, backward: step < 0, isEnd: false)
      let end = Self.place(ends[index], size, backward: step < 0, isEnd: true)
      self.starts[axis] = start
      self.steps[axis] = step
      let span = step > 0 ? end - start : start - end
      let count = (span + Dimension(abs(step) - 1)) / Dimension(abs(step))
      shape[axis] = count.constant.map { Dimension(max($0, 0)) } ?? count
    }
  }

  /// A start or end counted from the front and limited to the axis.
  ///
  /// Negative offsets are taken to lie inside a symbolic axis.
  private static func place(_ stated: Dimension, _ size: Dimension, backward: Bool, isEnd: Bool)
    -> Dimension
  {
    let low = backward && isEnd ? -1 : 0
    guard let value = stated.constant else {
      return stated
    }
    guard let extent = size.constant else {
      if value < 0 { return value <= -(1 << 30) ? Dimension(low) : size + Dimension(value) }
      if value >= 1 << 30 { return backward ? size - Dimension(1) : size }
      if value == 0 { return Dimension(0) }
      return isEnd ? Dimension.min(size, stated) : stated
    }
    let (shifted, overflow) = value.addingReportingOverflow(value < 0 ? extent : 0)
    let high = backward ? extent - 1 : extent
    return Dimension(overflow ? low : max(min(shifted, high), low))
  }
}

extension Operator {
  /// A regular part of x. <https://onnx.ai/onnx/operators/onnx__Slice.html>
  static let slice = Operator(
    "Slice", opsets: 1...latestOpset,
    infer: { node, graph in
      [ValueType(type: try graph.type(node, 0), shape: try SliceForm(node, graph).shape)]
    },
    symbolic: { node, graph in
      guard let content = graph.content(node, 0), let shape = try? graph.shape(node, 0),
        shape.count == 1,
        let form = try? SliceForm(node, graph), let start = form.starts[0].constant,
        let count = form.shape[0].constant
      else { return nil }
      let places = (0..<count).map { start + $0 * form.steps[0] }
      return places.allSatisfy(content.indices.contains) ? places.map { content[$0] } : nil
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      func content(_ index: Int, _ name: String) -> [Dimension]? {
        (optional(inputs, index)?.ints ?? node.ints(name))?.map { Dimension($0) }
      }
      let form = try SliceForm(
        node, input: x.shape.map { Dimension($0) }, starts: content(1, "starts"),
        ends: content(2, "ends"),
        axes: content(3, "axes"), steps: content(4, "steps"))
      let own = rowMajorStrides(x.shape)
      let shape = form.shape.compactMap(\.constant)
      let offset = zip(form.starts.compactMap(\.constant), own).map { $0 * $1 }.reduce(0, +)
      return [
        x.strided(
          shape: shape, strides: zip(own, form.steps).map { shape.contains(0) ? 0 : $0 * $1 },
          offset: offset)
      ]
    },
    quantize: .passThrough, lower: Lowering.slice)

  /// Consecutive parts of x along `axis`. <https://onnx.ai/onnx/operators/onnx__Split.html>
  static let split = Operator(
    "Split", opsets: 2...latestOpset,
    infer: { node, graph in
      let shape = try graph.shape(node, 0)
      let axis = try axis(node.int("axis", 0), rank: shape.count, node)
      let stated =
        node.input(1) == nil ? node.ints("split") : try graph.integers(node, 1, "the split")
      let sizes = try splitSizes(node, stated, extent: shape[axis])
      let type = try graph.type(node, 0)
      return sizes.map { size in
        var part = shape
        part[axis] = size
        return ValueType(type: type, shape: part)
      }
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let axis = try axis(node.int("axis", 0), rank: x.shape.count, node)
      let stated = optional(inputs, 1)?.ints ?? node.ints("split")
      let sizes = try splitSizes(node, stated, extent: Dimension(x.shape[axis])).compactMap(
        \.constant)
      let own = rowMajorStrides(x.shape)
      var start = 0
      return sizes.map { size in
        var shape = x.shape
        shape[axis] = size
        defer { start += size }
        return x.strided(shape: shape, strides: own, offset: start * own[axis])
      }
    },
    quantize: .passThrough, lower: Lowering.split)

  /// Extents of a Split's parts along its axis.
  static func splitSizes(_ node: Node, _ stated: [Int]?, extent: Dimension) throws -> [Dimension] {
    if let stated {
      let sum = stated.reduce(Dimension(0)) { $0 + Dimension($1) }.constant
      guard extent.constant ?? sum == sum, stated.allSatisfy({ $0 >= 0 }) else {
        throw node.invalid("parts \(stated) do not fill \(extent)")
      }
      return stated.map { Dimension($0) }
    }
    let count = node.int("num_outputs", node.outputs.count)
    guard count > 0, count < 1 << 20 else { throw node.invalid("has \(count) outputs") }
    let size = (extent + Dimension(count - 1)) / Dimension(count)
    guard let whole = extent.constant, let part = size.constant else {
      return Array(repeating: extent / Dimension(count), count: count)
    }
    return (0..<count).map { Dimension(max(0, min(part, whole - $0 * part))) }
  }
}
