import EdgeFormat

/// What a Pad adds: attributes `pads`, `value` up to opset 10; inputs 1...3 since 11, axes since
/// 18.
///
/// Negative pads crop.
public struct PadForm: Sendable {
  public var mode: PadMode
  /// Elements added before and after each axis of x.
  public var before: [Int]
  public var after: [Int]
  /// The constant that fills, 0 by default.
  public var value: Tensor?

  /// - Throws: an obstacle when the pads depend on run-time data.
  public init(_ node: Node, _ graph: Graph) throws {
    let rank = try graph.shape(node, 0).count
    let stated = node.input(1) == nil ? nil : try graph.integers(node, 1, "the padding")
    let axes = node.input(3) == nil ? nil : try graph.integers(node, 3, "the padded axes")
    if node.input(2) != nil, graph.constant(node, 2) == nil {
      throw ConversionError.obstacles([
        node.obstacle("the fill value is computed at run time", remedy: "make it constant")
      ])
    }
    try self.init(node, rank: rank, pads: stated, value: graph.constant(node, 2), axes: axes)
  }

  init(_ node: Node, rank: Int, pads: [Int]?, value: Tensor?, axes: [Int]?) throws {
    guard let pads = pads ?? node.ints("pads") ?? node.ints("paddings") else {
      throw node.invalid("pads are missing")
    }
    let axes = try (axes ?? Array(0..<rank)).map { try axis($0, rank: rank, node) }
    guard pads.count == 2 * axes.count, pads.allSatisfy({ $0 > -1 << 40 && $0 < 1 << 40 }) else {
      throw node.invalid("\(pads.count) pads for \(axes.count) axes")
    }
    switch node.string("mode") ?? "constant" {
    case "constant": mode = .constant
    case "reflect": mode = .reflect
    case "edge": mode = .edge
    case "wrap": mode = .wrap
    case let other: throw node.invalid("mode \"\(other)\" does not exist")
    }
    before = Array(repeating: 0, count: rank)
    after = before
    for (index, axis) in axes.enumerated() {
      before[axis] = pads[index]
      after[axis] = pads[index + axes.count]
    }
    self.value = value ?? node.float("value").map { Tensor([$0], shape: []) }
  }

  /// Index of the input element behind output position `place`; nil where the constant goes.
  func source(_ place: Int, extent: Int, axis: Int) -> Int? {
    let index = place - before[axis]
    if index >= 0, index < extent { return index }
    switch mode {
    case .constant: return nil
    case .edge: return min(max(index, 0), extent - 1)
    case .wrap: return (index % extent + extent) % extent
    case .reflect:
      if extent == 1 { return 0 }
      let period = 2 * (extent - 1)
      let folded = (index % period + period) % period
      return folded < extent ? folded : period - folded
    }
  }
}

extension Operator {
  /// x with elements added around it. <https://onnx.ai/onnx/operators/onnx__Pad.html>
  static let pad = Operator(
    "Pad", opsets: 2...latestOpset,
    infer: { node, graph in
      let shape = try graph.shape(node, 0)
      let form = try PadForm(node, graph)
      let padded = shape.indices.map { shape[$0] + Dimension(form.before[$0] + form.after[$0]) }
      return [ValueType(type: try graph.type(node, 0), shape: padded)]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let form = try PadForm(
        node, rank: x.shape.count, pads: optional(inputs, 1)?.ints, value: optional(inputs, 2),
        axes: optional(inputs, 3)?.ints)
      var result = x
      for axis in x.shape.indices where form.before[axis] != 0 || form.after[axis] != 0 {
        let extent = result.shape[axis] + form.before[axis] + form.after[axis]
        guard extent >= 0 else { throw node.invalid("crops more than axis \(axis) holds") }
        guard result.shape[axis] > 0 || form.mode == .constant else {
          throw node.invalid("axis \(axis) is empty")
        }
        let sources = (0..<extent).map { form.source($0, extent: result.shape[axis], axis: axis) }
        result = result.selecting(sources, axis: axis, fill: form.value)
      }
      return [result]
    },
    quantize: .passThrough, lower: Lowering.pad)
}

extension Tensor {
  /// The slices at `places` along an axis; `fill` (or 0) where a place is nil.
  func selecting(_ places: [Int?], axis: Int, fill: Tensor? = nil) -> Tensor {
    let outer = shape.prefix(axis).reduce(1, *)
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    var shape = shape
    let extent = shape[axis]
    shape[axis] = places.count
    switch elements {
    case .float(let values):
      return Tensor(
        select(values, places, outer, extent, inner, fill?.floats.first ?? 0), shape: shape,
        type: type)
    case .integer(let values):
      return Tensor(
        select(values, places, outer, extent, inner, fill?.integers.first ?? 0), shape: shape,
        type: type)
    }
  }
}

private func select<T>(
  _ values: [T], _ places: [Int?], _ outer: Int, _ extent: Int, _ inner: Int, _ fill: T
) -> [T] {
  var result: [T] = []
  result.reserveCapacity(outer * places.count * inner)
  for row in 0..<outer {
    for place in places {
      if let place {
        let start = (row * extent + place) * inner
        if inner == 1 {
          result.append(values[start])
        } else {
          result.append(contentsOf: values[start..<(start + inner)])
        }
      } else {
        result.append(contentsOf: repeatElement(fill, count: inner))
      }
    }
  }
  return result
}
