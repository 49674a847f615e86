import EdgeFormat

/// The limits of a NonMaxSuppression, which must be known at conversion.
struct SuppressionForm {
  let mostBoxes: Int
  let overlapThreshold: Float
  let scoreThreshold: Float
  let isCentered: Bool

  /// - Throws: an obstacle for a limit that is computed at run time.
  init(_ node: Node, _ graph: Graph) throws {
    let limits = try (2..<5).map { index -> Tensor? in
      guard let operand = graph.operand(node, index) else { return nil }
      guard let constant = operand.constant else {
        throw ConversionError.obstacles([
          node.obstacle(
            "operand \(index), a limit, is computed at run time",
            remedy: "make the number of boxes and the thresholds constant")
        ])
      }
      return constant
    }
    self.init(node, limits)
  }

  init(_ node: Node, _ limits: [Tensor?]) {
    mostBoxes = max(0, min(limits[0]?.ints.first ?? 0, Int(Int32.max)))
    overlapThreshold = limits[1]?.scalar ?? 0
    scoreThreshold = limits[2]?.scalar ?? -.infinity
    isCentered = node.int("center_point_box", 0) != 0
  }
}

extension Operator {
  /// Boxes of high scores that overlap little.
  /// <https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html>
  static let nonMaxSuppression = Operator(
    "NonMaxSuppression", opsets: 10...latestOpset,
    infer: { node, graph in
      let (boxes, scores) = (try graph.shape(node, 0), try graph.shape(node, 1))
      guard boxes.count == 3, scores.count == 3, boxes[2].constant ?? 4 == 4 else {
        throw node.invalid("boxes \(boxes) and scores \(scores) are not [B, N, 4] and [B, C, N]")
      }
      let form = try SuppressionForm(node, graph)
      let most = Dimension.min(Dimension(form.mostBoxes), boxes[1])
      let count = node.foundSize(graph, bound: scores[0] * scores[1] * most)
      return [ValueType(type: .int64, shape: [count, Dimension(3)])]
    },
    evaluate: { node, inputs in
      let (boxes, scores) = (try need(node, inputs, 0), try need(node, inputs, 1))
      let form = SuppressionForm(node, (2..<5).map { optional(inputs, $0) })
      guard boxes.shape.count == 3, scores.shape.count == 3, boxes.shape[2] == 4,
        boxes.shape[1] == scores.shape[2], boxes.shape[0] == scores.shape[0]
      else { throw node.invalid("boxes \(boxes.shape) and scores \(scores.shape) do not fit") }
      var chosen: [Int64] = []
      for batch in 0..<scores.shape[0] {
        for group in 0..<scores.shape[1] {
          let picks = suppressed(boxes, scores, batch: batch, class: group, form)
          for box in picks { chosen += [Int64(batch), Int64(group), Int64(box)] }
        }
      }
      return [Tensor(chosen, shape: [chosen.count / 3, 3])]
    }, lower: Lowering.nonMaxSuppression)

  private static func suppressed(
    _ boxes: Tensor, _ scores: Tensor, batch: Int, class group: Int, _ form: SuppressionForm
  ) -> [Int] {
    let count = boxes.shape[1]
    let base = (batch * scores.shape[1] + group) * count
    let values = Array(scores.floats[base..<(base + count)])
    let ranked = values.indices.filter { values[$0] > form.scoreThreshold }.sorted {
      values[$0] == values[$1] ? $0 < $1 : values[$0] > values[$1]
    }
    let sides = values.indices.map { box in
      let at = Array(boxes.floats[((batch * count + box) * 4)...].prefix(4))
      if form.isCentered {
        return [at[0] - at[2] / 2, at[1] - at[3] / 2, at[0] + at[2] / 2, at[1] + at[3] / 2]
      }
      return [min(at[0], at[2]), min(at[1], at[3]), max(at[0], at[2]), max(at[1], at[3])]
    }
    var chosen: [Int] = []
    for box in ranked where chosen.count < form.mostBoxes {
      if chosen.allSatisfy({ overlap(sides[$0], sides[box]) <= form.overlapThreshold }) {
        chosen.append(box)
      }
    }
    return chosen
  }

  /// Area of the intersection over that of the union.
  private static func overlap(_ a: [Float], _ b: [Float]) -> Float {
    let (width, height) = (min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1]))
    guard width > 0, height > 0 else { return 0 }
    let areas = [a, b].map { ($0[2] - $0[0]) * ($0[3] - $0[1]) }
    return width * height / (areas[0] + areas[1] - width * height)
  }
}
