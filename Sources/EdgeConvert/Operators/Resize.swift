import EdgeFormat
import Foundation

/// Geometry of a Resize or Upsample: the output's sizes and the scale of every axis.
///
/// Upsample: `scales` attribute (7) or input 1 (9); Resize: input 1 (10); scales input 2, sizes
/// input 3, `axes` (11 on).
struct ResizeForm {
  var shape: [Dimension]
  /// Output size over input size as the coordinate rule uses it; nil where a symbolic size decides.
  var scales: [Double?]

  init(_ node: Node, input: [Dimension], scales stated: [Float]?, sizes: [Dimension]?) throws {
    let axes = try (node.ints("axes") ?? Array(input.indices)).map {
      try axis($0, rank: input.count, node)
    }
    shape = input
    scales = Array(repeating: 1, count: input.count)
    if let stated, !stated.isEmpty {
      guard stated.count == axes.count else {
        throw node.invalid("\(stated.count) scales for \(axes.count) axes")
      }
      for (axis, scale) in zip(axes, stated) {
        guard scale > 0, scale < 0x1p20 else { throw node.invalid("scale \(scale)") }
        scales[axis] = Double(scale)
        shape[axis] = try Self.scaled(input[axis], scale, node)
      }
      return
    }
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

extension Operator {
  static let resizes: [Operator] = [resize("Resize", 10...latestOpset), resize("Upsample", 7...9)]

  private static func resize(_ name: String, _ opsets: ClosedRange<Int>) -> Operator {
    Operator(
      name, opsets: opsets,
      check: { node, _ in
        let mode = node.string("mode") ?? "nearest"
        if ["nearest", "linear", "bilinear"].contains(mode) { return [] }
        return [node.obstacle("mode \"\(mode)\"", remedy: "use nearest or linear")]
      },
      infer: { node, graph in
        let places = operands(node)
        let sizes = places.sizes.flatMap {
          graph.operand(node, $0) == nil ? nil : graph.content(node, $0)
        }
        let scales = graph.constant(node, places.scales)?.floats ?? node.floats("scales")
        if scales == nil, sizes == nil {
          _ = try graph.integers(node, places.sizes ?? places.scales, "the new size")
        }
        let form = try ResizeForm(node, input: graph.shape(node, 0), scales: scales, sizes: sizes)
        return [ValueType(type: try graph.type(node, 0), shape: form.shape)]
      },
      evaluate: { node, inputs in
        let places = operands(node)
        let x = try need(node, inputs, 0)
        let form = try ResizeForm(
          node, input: x.shape.map { Dimension($0) },
          scales: optional(inputs, places.scales)?.floats ?? node.floats("scales"),
          sizes: places.sizes.flatMap { optional(inputs, $0)?.ints.map { Dimension($0) } })
        let region = node.opset >= 11 ? optional(inputs, 1)?.floats ?? [] : []
        var result = Tensor(x.floats, shape: x.shape)
        for axis in x.shape.indices {
          guard let size = form.shape[axis].constant, let scale = form.scales[axis] else {
            continue
          }
          guard size > 0, x.shape[axis] > 0 else { throw node.invalid("axis \(axis) is empty") }
          if size == x.shape[axis], scale == 1, region.isEmpty { continue }
          let listed =
            node.ints("axes").map { $0.map { $0 < 0 ? $0 + x.shape.count : $0 } }
            ?? Array(x.shape.indices)
          let place = listed.firstIndex(of: axis)
          let crop =
            place.flatMap { place in
              region.count == 2 * listed.count
                ? (Double(region[place]), Double(region[place + listed.count])) : nil
            } ?? (0, 1)
          let rule = try ResizeRule(
            node, input: x.shape[axis], output: size, scale: scale, crop: crop)
          result = result.weighted(
            (0..<size).map(rule.taps), axis: axis, outside: node.float("extrapolation_value", 0))
        }
        if x.type.isFloat { return [result.retyped(x.type)] }
        return [
          Tensor(
            result.floats.map { Int64($0.rounded(.toNearestOrEven)) }, shape: result.shape,
            type: x.type)
        ]
      },
      quantize: .passThrough, lower: Lowering.resize)
  }

  private static func operands(_ node: Node) -> (scales: Int, sizes: Int?) {
    node.op == "Upsample" || node.opset < 11 ? (1, nil) : (2, 3)
  }
}

/// Which input elements make an output element of one axis, and with what weights.
private struct ResizeRule {
  let node: Node
  let input: Int
  let output: Int
  let scale: Double
  let crop: (Double, Double)
  let mode: String
  let coordinates: String
  let rounding: String

  init(_ node: Node, input: Int, output: Int, scale: Double, crop: (Double, Double)) throws {
    self.node = node
    self.input = input
    self.output = output
    self.scale = scale
    self.crop = crop
    mode = node.string("mode") ?? "nearest"
    let old = node.opset < 11 || node.op == "Upsample"
    coordinates = old ? "asymmetric" : node.string("coordinate_transformation_mode") ?? "half_pixel"
    rounding = old ? "floor" : node.string("nearest_mode") ?? "round_prefer_floor"
    guard ["nearest", "linear", "bilinear", "cubic"].contains(mode) else {
      throw node.invalid("mode \"\(mode)\"")
    }
  }

  private func place(_ index: Int) -> Double {
    let x = Double(index)
    let length = scale * Double(input)
    switch coordinates {
    case "asymmetric": return x / scale
    case "align_corners": return length == 1 ? 0 : x * Double(input - 1) / (length - 1)
    case "pytorch_half_pixel": return output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case "tf_half_pixel_for_nn": return (x + 0.5) / scale
    case "half_pixel_symmetric":
      let adjustment = Double(output) / (scale * Double(input))
      return Double(input) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let extent = Double(input - 1)
      if output == 1 { return 0.5 * (crop.0 + crop.1) * extent }
      return crop.0 * extent + x * (crop.1 - crop.0) * extent / (length - 1)
    default: return (x + 0.5) / scale - 0.5
    }
  }

  /// nil where the coordinate lies outside and is extrapolated.
  func taps(_ index: Int) -> [(Int, Float)]? {
    let place = place(index)
    if coordinates == "tf_crop_and_resize", place < 0 || place > Double(input - 1) { return nil }
    if mode == "nearest" { return [(min(max(nearest(place), 0), input - 1), 1)] }
    let stretch = node.int("antialias", 0) != 0 && scale < 1 ? scale : 1
    let reach = (mode == "cubic" ? 2 : 1) / stretch
    let first = Int((place - reach).rounded(.down)) + 1
    let last = Int((place + reach).rounded(.up)) - 1
    var taps: [(Int, Double)] = []
    for source in first...max(first, last) {
      let inside = source >= 0 && source < input
      if !inside, node.int("exclude_outside", 0) != 0 { continue }
      let weight =
        mode == "cubic"
        ? cubic((Double(source) - place) * stretch)
        : max(0, 1 - abs(Double(source) - place) * stretch)
      if weight != 0 { taps.append((min(max(source, 0), input - 1), weight)) }
    }
    let sum = taps.reduce(0) { $0 + $1.1 }
    return taps.map { ($0.0, Float($0.1 / (sum == 0 ? 1 : sum))) }
  }

  private func nearest(_ place: Double) -> Int {
    switch rounding {
    case "floor": Int(place.rounded(.down))
    case "ceil": Int(place.rounded(.up))
    case "round_prefer_ceil": Int((place + 0.5).rounded(.down))
    default: Int((place - 0.5).rounded(.up))
    }
  }

  private func cubic(_ distance: Double) -> Double {
    let a = Double(node.float("cubic_coeff_a", -0.75))
    let x = abs(distance)
    if x < 1 { return (a + 2) * x * x * x - (a + 3) * x * x + 1 }
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0
  }
}

extension Tensor {
  /// Weighted sums of slices along an axis; a constant where there are no taps.
  fileprivate func weighted(_ taps: [[(Int, Float)]?], axis: Int, outside: Float) -> Tensor {
    let outer = shape.prefix(axis).reduce(1, *)
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    let source = floats
    var result = [Float](repeating: 0, count: outer * taps.count * inner)
    result.withUnsafeMutableBufferPointer { result in
      source.withUnsafeBufferPointer { source in
        for row in 0..<outer {
          for (index, list) in taps.enumerated() {
            let to = (row * taps.count + index) * inner
            guard let list else {
              for i in 0..<inner { result[to + i] = outside }
              continue
            }
            for (place, weight) in list {
              let from = (row * shape[axis] + place) * inner
              for i in 0..<inner { result[to + i] += weight * source[from + i] }
            }
          }
        }
      }
    }
    var sizes = shape
    sizes[axis] = taps.count
    return Tensor(result, shape: sizes)
  }
}
