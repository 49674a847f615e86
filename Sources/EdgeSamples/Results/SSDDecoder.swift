import CEdgeHost

extension DetectionRule {
  /// Boxes in shares of the input; nil when the outputs have other shapes.
  ///
  /// Scores `[1, N, 1 + C]`, background first, and offsets `[1, N, 4]` from N prior boxes:
  /// `centre = prior centre + v0 * offset * prior size`, `size = prior size * exp(v1 * offset)`.
  func decodeSSD(_ outputs: [ModelOutput], input: (width: Int, height: Int)) -> [Detection]? {
    let priors = priors(input)
    guard outputs.count == 2, let classCount = outputs[0].shape.last, classCount >= 2,
      outputs[0].values.count == priors.count * classCount,
      outputs[1].values.count == priors.count * 4
    else { return nil }
    var found: [Detection] = []
    for (index, prior) in priors.enumerated() {
      let best = outputs[0].greatest(at: index * classCount + 1, count: classCount - 1)
      guard best.value > score else { continue }
      let offset = (0..<4).map { Double(outputs[1].values[index * 4 + $0]) }
      let box = Box(
        center: (
          prior.x + variances[0] * offset[0] * prior.width,
          prior.y + variances[0] * offset[1] * prior.height
        ),
        size: (
          prior.width * edge_cli_exp(variances[1] * offset[2]),
          prior.height * edge_cli_exp(variances[1] * offset[3])
        ))
      found.append(Detection(box: box, score: best.value, classIndex: best.index))
    }
    return found
  }

  private struct Prior {
    let x, y, width, height: Double
  }

  /// Squares centred in the cells of a grid a stride, row by row, a cell's sizes one after the
  /// other, cut to the input.
  private func priors(_ input: (width: Int, height: Int)) -> [Prior] {
    let (width, height) = (Double(input.width), Double(input.height))
    func share(_ value: Double) -> Double { min(max(value, 0), 1) }
    var priors: [Prior] = []
    for (stride, sizes) in zip(strides, sizes) {
      for y in 0..<Int((height / stride).rounded(.up)) {
        for x in 0..<Int((width / stride).rounded(.up)) {
          priors += sizes.map { size in
            Prior(
              x: share((Double(x) + 0.5) * stride / width),
              y: share((Double(y) + 0.5) * stride / height), width: share(size / width),
              height: share(size / height))
          }
        }
      }
    }
    return priors
  }
}
