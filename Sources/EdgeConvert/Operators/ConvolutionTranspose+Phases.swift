import EdgeFormat

/// One axis of a transposed convolution of stride s, seen as an ordinary convolution that gives the
/// s elements of a block of outputs as s phases.
///
/// Output o is element `(o + crop) % s` of block `(o + crop) / s`. `crop` is what makes the
/// ordinary window, common to all phases, the shortest.
private struct PhaseAxis {
  let phases: Int
  let crop: Int
  /// Elements of the ordinary window.
  let window: Int
  /// Padding of the ordinary convolution; negative crops its input.
  let before: Int
  let after: Int
  /// Whether blocks reach beyond the last output.
  let isCut: Bool
  private let places: [Int]

  /// nil when the output's size does not follow the input's.
  init?(_ form: TransposedWindow, axis: Int, input: Dimension) {
    let stride = form.strides[axis]
    guard let pad = form.before[axis].constant,
      let surplus = (form.output[axis] - input * Dimension(stride)).constant
    else { return nil }
    let taps = (0..<form.kernel[axis]).map { $0 * form.dilations[axis] - pad }
    func reach(_ crop: Int) -> ClosedRange<Int> {
      let blocks = taps.map { floorDivide($0 + crop, stride) }
      return (blocks.min() ?? 0)...(blocks.max() ?? 0)
    }
    let best = (0..<stride).min { reach($0).count < reach($1).count } ?? 0
    let blocks = -floorDivide(-(surplus + best), stride)
    phases = stride
    crop = best
    window = reach(best).count
    before = reach(best).upperBound
    after = blocks - before + window - 1
    isCut = blocks * stride != surplus
    places = taps.map { $0 + best }
  }

  /// The tap of the transposed kernel that a phase has at a place of the window.
  func tap(phase: Int, at place: Int) -> Int? {
    places.firstIndex { $0 == (before - place) * phases + phase }
  }
}

private func floorDivide(_ a: Int, _ b: Int) -> Int {
  a >= 0 ? a / b : -((b - 1 - a) / b)
}

extension Operator {
  /// A transposed convolution as one ordinary convolution, whose channels are the phases of the
  /// output, and blocks of channels moved into space.
  ///
  /// For a stride of 1 that is the convolution with the mirrored kernel alone. The move copies the
  /// output once; taps that a phase lacks are zeros in its filter.
  @Sendable static func convolutionPhases(_ node: Node, _ body: inout Expansion) throws
    -> [ValueID?]?
  {
    let x = try body.required(0)
    guard let weights = body.tensor(node.input(1)), weights.shape.count >= 3,
      node.input(2) == nil || body.tensor(node.input(2)) != nil
    else {
      throw ConversionError.obstacles([
        node.obstacle(
          "weights or bias are computed at run time", remedy: "make them constant (initializers)")
      ])
    }
    let shape = try body.shape(x)
    let form = try TransposedWindow(
      node, spatial: Array(shape.dropFirst(2)), kernel: Array(weights.shape.dropFirst(2)))
    let axes = form.kernel.indices.compactMap { PhaseAxis(form, axis: $0, input: shape[$0 + 2]) }
    guard axes.count == form.kernel.count else {
      throw ConversionError.obstacles([
        node.obstacle(
          "output_shape or automatic padding fixes a size that does not follow the input's",
          remedy: "fix the input's size, or use pads and output_padding")
      ])
    }
    let groups = node.int("group", 1)
    var attributes = node.attributes.filter { $0.key.hasPrefix("edge.") }
    attributes["group"] = .int(Int64(groups))
    attributes["pads"] = .ints((axes.map(\.before) + axes.map(\.after)).map { Int64(max($0, 0)) })
    let bias = body.tensor(node.input(2)).map { repeated($0, groups, axes) }
    var y = try body.apply(
      "Conv",
      [
        body.cropped(x, axes), body.constant(phaseWeights(weights, groups, axes)),
        bias.map { body.constant($0) },
      ], attributes)
    if axes.contains(where: { $0.phases > 1 }) {
      y = try body.apply(
        "DepthToSpace", [y],
        [
          "edge.blocks": .ints(axes.map { Int64($0.phases) }), "edge.groups": .int(Int64(groups)),
        ])
    }
    guard axes.contains(where: { $0.crop > 0 || $0.isCut }) else { return [y] }
    return [try body.cut(y, axes, to: form.output)]
  }

  /// Filters `[M * phases, C / group, window...]`, channels ordered as (group, phase..., map), of
  /// transposed weights `[C, M / group, kernel...]`.
  private static func phaseWeights(_ weights: Tensor, _ groups: Int, _ axes: [PhaseAxis]) -> Tensor
  {
    let channels = weights.shape[0] / groups
    let maps = weights.shape[1]
    let kernel = weights.shape.dropFirst(2)
    let taps = tapTable(axes, Array(kernel))
    let kernelCount = kernel.reduce(1, *)
    let source = weights.floats
    var values: [Float] = []
    for group in 0..<groups {
      for phase in taps {
        for map in 0..<maps {
          for channel in 0..<channels {
            let start = ((group * channels + channel) * maps + map) * kernelCount
            values += phase.map { $0.map { source[start + $0] } ?? 0 }
          }
        }
      }
    }
    return Tensor(values, shape: [groups * taps.count * maps, channels] + axes.map(\.window))
  }

  /// For each phase (row-major over the axes) and place of the window, the kernel tap there.
  private static func tapTable(_ axes: [PhaseAxis], _ kernel: [Int]) -> [[Int?]] {
    var table: [[Int?]] = [[0]]
    for (axis, size) in zip(axes, kernel) {
      table = table.flatMap { outer in
        (0..<axis.phases).map { phase in
          outer.flatMap { tap in
            (0..<axis.window).map { place in
              tap.flatMap { tap in axis.tap(phase: phase, at: place).map { tap * size + $0 } }
            }
          }
        }
      }
    }
    return table
  }

  /// One bias for every phase of a channel, in the order of the filters.
  private static func repeated(_ bias: Tensor, _ groups: Int, _ axes: [PhaseAxis]) -> Tensor {
    let phases = axes.reduce(1) { $0 * $1.phases }
    let maps = bias.count / groups
    let values = (0..<groups).flatMap { group in
      (0..<phases).flatMap { _ in bias.floats[(group * maps)..<((group + 1) * maps)] }
    }
    return Tensor(values, shape: [values.count])
  }
}

extension Expansion {
  /// The input without what negative padding drops.
  fileprivate mutating func cropped(_ x: ValueID, _ axes: [PhaseAxis]) throws -> ValueID {
    let before = [0, 0] + axes.map { min($0.before, 0) }
    let after = [0, 0] + axes.map { min($0.after, 0) }
    guard (before + after).contains(where: { $0 < 0 }) else { return x }
    return try apply("Pad", [x, constant(ints: before + after)])
  }

  /// The outputs between those that the first and last blocks have too many.
  fileprivate mutating func cut(_ y: ValueID, _ axes: [PhaseAxis], to output: [Dimension]) throws
    -> ValueID
  {
    let whole = try shape(y)
    let ends = zip(axes, zip(output, whole.dropFirst(2))).map { axis, sizes -> Int in
      let rest = (sizes.1 - sizes.0).constant.map { $0 - axis.crop } ?? 0
      return rest == 0 ? Int(Int32.max) : -rest
    }
    return try apply(
      "Slice",
      [
        y, constant(ints: axes.map(\.crop)), constant(ints: ends),
        constant(ints: Array(2..<whole.count)),
      ])
  }
}
