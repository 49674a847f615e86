import CEdgeHost

extension DetectionRule {
  /// Boxes in shares of the input; nil when the output has another shape.
  ///
  /// One map `[1, 5 + C, H, W]`: objectness, four box terms t, C class probabilities.
  ///
  /// `score = objectness^0.6 * class^0.4`, `centre = (cell + tanh t) / cells`, `size = sigmoid t`.
  func decodeFastestDet(_ outputs: [ModelOutput]) -> [Detection]? {
    guard outputs.count == 1, outputs[0].shape.count == 4, outputs[0].shape[0] == 1,
      outputs[0].shape[1] > 5
    else { return nil }
    let map = outputs[0]
    let (classCount, rows, columns) = (map.shape[1] - 5, map.shape[2], map.shape[3])
    let plane = rows * columns
    var found: [Detection] = []
    for cell in 0..<plane {
      let best = map.greatest(at: 5 * plane + cell, count: classCount, step: plane)
      let value = edge_cli_power(Double(map.values[cell]), 0.6) * edge_cli_power(best.value, 0.4)
      guard value > score else { continue }
      let terms = (1...4).map { Double(map.values[$0 * plane + cell]) }
      let box = Box(
        center: (
          (Double(cell % columns) + edge_cli_tanh(terms[0])) / Double(columns),
          (Double(cell / columns) + edge_cli_tanh(terms[1])) / Double(rows)
        ),
        size: (1 / (1 + edge_cli_exp(-terms[2])), 1 / (1 + edge_cli_exp(-terms[3]))))
      found.append(Detection(box: box, score: value, classIndex: best.index))
    }
    return found
  }
}
