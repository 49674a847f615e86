import CEdgeHost

extension DetectionRule {
  /// Boxes in shares of the input; nil when the outputs have other shapes.
  ///
  /// For every stride scores `[1, n, C]` (0...1) and distances `[1, n, 4 * bins]`, n the cells row by
  /// row: left, top, right, bottom as softmax distributions over 0, 1, ... strides from the cell's
  /// centre.
  func decodeNanoDet(_ outputs: [ModelOutput], input: (width: Int, height: Int)) -> [Detection]? {
    guard outputs.count == 2 * strides.count else { return nil }
    let (width, height) = (Double(input.width), Double(input.height))
    var found: [Detection] = []
    for (level, stride) in strides.enumerated() {
      let (scores, distances) = (outputs[2 * level], outputs[2 * level + 1])
      let columns = Int((width / stride).rounded(.up))
      let cells = columns * Int((height / stride).rounded(.up))
      guard let classCount = scores.shape.last, let binCount = distances.shape.last.map({ $0 / 4 }),
        classCount > 0, binCount > 0, scores.values.count == cells * classCount,
        distances.values.count == cells * 4 * binCount
      else { return nil }
      for cell in 0..<cells {
        let best = scores.greatest(at: cell * classCount, count: classCount)
        guard best.value > score else { continue }
        let distance = (0..<4).map { side in
          stride * distances.expectation(at: (cell * 4 + side) * binCount, count: binCount)
        }
        let x = (Double(cell % columns) + 0.5) * stride
        let y = (Double(cell / columns) + 0.5) * stride
        let box = Box(
          left: (x - distance[0]) / width, top: (y - distance[1]) / height,
          right: (x + distance[2]) / width, bottom: (y + distance[3]) / height)
        found.append(Detection(box: box, score: best.value, classIndex: best.index))
      }
    }
    return found
  }
}

extension ModelOutput {
  /// The mean of the positions (from 0) of `count` values under their softmax.
  fileprivate func expectation(at first: Int, count: Int) -> Double {
    let greatest = greatest(at: first, count: count).value
    var (sum, total) = (0.0, 0.0)
    for index in 0..<count {
      let weight = edge_cli_exp(Double(values[first + index]) - greatest)
      sum += weight * Double(index)
      total += weight
    }
    return sum / total
  }
}
