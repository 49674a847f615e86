import EdgeFormat

/// x sampled at other sizes. <https://onnx.ai/onnx/operators/onnx__Resize.html>,
/// <https://onnx.ai/onnx/operators/onnx__Upsample.html>
extension Operator {
  static let resizes: [Operator] = [resize("Resize", 10...latestOpset), resize("Upsample", 7...9)]

  private static func resize(_ name: String, _ opsets: ClosedRange<Int>) -> Operator {
    Operator(
      name, opsets: opsets,
      infer: { node, graph in
        [ValueType(type: try graph.type(node, 0), shape: try ResizeForm(node, graph).shape)]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let form = try ResizeForm(node, inputs)
        var result = Tensor(x.floats, shape: x.shape)
        for axis in form.changed {
          guard let rule = try form.rule(node, axis: axis) else { continue }
          result = result.weighted(
            (0..<rule.output).map(rule.taps), axis: axis,
            outside: node.float("extrapolation_value", 0))
        }
        if x.type.isFloat { return [result.retyped(x.type)] }
        return [
          Tensor(
            result.floats.map { Int64($0.rounded(.toNearestOrEven)) }, shape: result.shape,
            type: x.type)
        ]
      },
      quantize: .passThrough, lower: Lowering.resize, rewrite: resizeByAxes)
  }

  /// A form that the kernels do not have, axis by axis: a choice of elements, or a product with a
  /// constant matrix of weights.
  @Sendable private static func resizeByAxes(_ node: Node, _ body: inout Expansion) throws
    -> [ValueID?]?
  {
    let x = try body.required(0)
    let form = try ResizeForm(node, body.graph)
    if try hasKernel(node, form, body.type(x)) { return nil }
    let type = try body.type(x)
    let isExact = type.isFloat || node.string("mode") ?? "nearest" == "nearest"
    var y = isExact ? x : try body.float(x)
    var repeats = form.shape.map { _ in 1 }
    for axis in form.changed {
      if let rule = try form.rule(node, axis: axis) {
        y = try body.resized(y, axis, rule, outside: node.float("extrapolation_value", 0))
      } else {
        repeats[axis] = try repetition(node, form, axis)
      }
    }
    if repeats.contains(where: { $0 > 1 }) { y = try body.repeated(y, Array(repeats.dropFirst(2))) }
    if !isExact { y = try body.cast(body.apply("Round", [y]), type) }
    return [y]
  }

  /// Nearest and linear over spatial axes of known sizes, `[N, C, L]` or `[N, C, H, W]`.
  private static func hasKernel(_ node: Node, _ form: ResizeForm, _ type: ElementType) throws
    -> Bool
  {
    guard (3...4).contains(form.shape.count), form.changed.allSatisfy({ $0 >= 2 }) else {
      return false
    }
    for axis in form.shape.indices.dropFirst(2) {
      guard let rule = try form.rule(node, axis: axis) else { return false }
      if rule.mode != "nearest", !type.isFloat || rule.mode == "cubic" || rule.isAntialiased {
        return false
      }
      let taps = (0..<rule.output).map(rule.taps)
      guard taps.allSatisfy({ $0.map { (1...2).contains($0.count) } ?? false }) else {
        return false
      }
    }
    return true
  }

  /// How often each element of a spatial axis of run-time size comes.
  /// - Throws: an obstacle for anything but repetition.
  private static func repetition(_ node: Node, _ form: ResizeForm, _ axis: Int) throws -> Int {
    let sample = 8
    guard axis >= 2, let scale = form.scales[axis], let times = Int(exactly: scale), times > 0,
      case let rule = try ResizeRule(
        node, input: sample, output: sample * times, scale: scale, region: nil),
      (0..<rule.output).allSatisfy({ rule.taps($0)?.map(\.place) == [$0 / times] })
    else {
      throw ConversionError.obstacles([
        node.obstacle(
          "axis \(axis) has a run-time size",
          remedy: "fix its size, or use nearest with an integer scale")
      ])
    }
    return times
  }
}

extension Expansion {
  /// One axis made by a rule.
  fileprivate mutating func resized(
    _ x: ValueID, _ axis: Int, _ rule: ResizeRule, outside: Float
  ) throws -> ValueID {
    let taps = (0..<rule.output).map(rule.taps)
    let isChoice = taps.allSatisfy { $0?.count == 1 }
    if isChoice {
      let places = constant(ints: taps.compactMap { $0?.first?.place })
      return try apply("Gather", [x, places], ["axis": .int(Int64(axis))])
    }
    let type = try type(x)
    var weights = [Float](repeating: 0, count: rule.input * rule.output)
    for (index, list) in taps.enumerated() {
      for (place, weight) in list ?? [] { weights[place * rule.output + index] += weight }
    }
    let matrix = constant(Tensor(weights, shape: [rule.input, rule.output], type: type))
    var order = Array(try shape(x).indices)
    order.swapAt(axis, order.count - 1)
    var y = try apply("MatMul", [transpose(x, order), matrix])
    if outside != 0, taps.contains(where: { $0 == nil }) {
      let offsets = taps.map { $0 == nil ? outside : 0 }
      y = try apply("Add", [y, constant(Tensor(offsets, shape: [offsets.count], type: type))])
    }
    return try transpose(y, order)
  }

  /// Every element repeated along spatial axes: blocks of equal elements in the channels, moved into
  /// space.
  fileprivate mutating func repeated(_ x: ValueID, _ times: [Int]) throws -> ValueID {
    let copies = [ValueID](repeating: x, count: times.reduce(1, *))
    let blocks = try apply("Concat", copies, ["axis": .int(1)])
    return try apply("DepthToSpace", [blocks], ["edge.blocks": .ints(times.map { Int64($0) })])
  }
}

extension Tensor {
  /// Weighted sums of slices along an axis; a constant where there are no taps.
  fileprivate func weighted(
    _ taps: [[(place: Int, weight: Float)]?], axis: Int, outside: Float
  ) -> Tensor {
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
