/// Fills the per-layer part of a report from what was decided.
struct ReportBuilder {
  let graph: Graph
  let choices: QuantizationChoices
  let histograms: [ValueID: Histogram]

  /// One entry a node, in order of execution.
  var layers: [ConversionReport.Layer] {
    graph.nodes.indices.map { layer($0) }
  }

  /// What the calibration data show that deserves a look.
  func warnings(samples: Int?) -> [ConversionReport.Warning] {
    var warnings: [ConversionReport.Warning] = []
    if let samples, samples < 32 {
      warnings.append(
        ConversionReport.Warning(
          text: "only \(samples) calibration samples",
          remedy: "give 100 or more that look like real input"))
    }
    for (id, choice) in choices.values.sorted(by: { $0.key < $1.key })
    where choice.outlierRatio > 20 {
      warnings.append(
        ConversionReport.Warning(
          text:
            "'\(graph[id].name)' reaches \(Int(choice.outlierRatio)) times its 99.99th percentile",
          remedy: "look for a broken sample, or keep its node in float with --keep-float"))
    }
    for (id, histogram) in histograms.sorted(by: { $0.key < $1.key }) {
      if histogram.nonFiniteCount > 0 {
        warnings.append(
          ConversionReport.Warning(
            text: "'\(graph[id].name)' held \(histogram.nonFiniteCount) values that are not finite",
            remedy: "check the samples and the preprocessing"))
      } else if histogram.minimum == histogram.maximum {
        warnings.append(
          ConversionReport.Warning(
            text: "'\(graph[id].name)' is always \(histogram.minimum)",
            remedy: "check the preprocessing, or remove this dead part of the model"))
      }
    }
    return warnings + deadChannels
  }

  /// Convolutions with output channels whose weights are all zero.
  private var deadChannels: [ConversionReport.Warning] {
    graph.nodes.compactMap { node in
      guard let weights = weights(of: node) else { return nil }
      let channels = WeightScales.channels(node, weights)
      let dead = channels.count { $0.allSatisfy { $0 == 0 } }
      guard dead > 0 else { return nil }
      return ConversionReport.Warning(
        text: "\(dead) of \(channels.count) output channels of '\(node.name)' have no weights",
        remedy: "remove them from the model to save time")
    }
  }

  private func layer(_ position: Int) -> ConversionReport.Layer {
    let node = graph.nodes[position]
    let choice = choices.nodes[position]
    let output = node.outputs.first.flatMap { $0 }
    let value = output.flatMap { choices.values[$0] }
    let isInt8 = choice.precision != .float32
    let count = weights(of: node)?.count ?? 0
    return ConversionReport.Layer(
      name: node.name, op: node.op, precision: choice.precision.rawValue, reason: choice.reason,
      shape: output.flatMap { graph[$0].shape }.map { $0.map(\.description).joined(separator: "x") }
        ?? "?",
      stored: isInt8 && value != nil ? "int8" : "f32", weightBytes: isInt8 ? count : 4 * count,
      range: value.map(ReportBuilder.range))
  }

  private func weights(of node: Node) -> Tensor? {
    guard let rule = Operator.of(node)?.quantize, rule.hasWeights, node.inputs.count > 1,
      let id = node.inputs[1]
    else { return nil }
    return graph[id].constant
  }

  private static func range(_ choice: ValueChoice) -> ConversionReport.Range {
    ConversionReport.Range(
      observer: choice.range.observer.name, low: choice.range.low, high: choice.range.high,
      scale: choice.parameters.scale, zeroPoint: choice.parameters.zeroPoint,
      clipped: choice.clipped,
      expectedSQNR: choice.expectedSQNR.isFinite ? choice.expectedSQNR : nil,
      outlierRatio: choice.outlierRatio, sharedBy: choice.sharedBy)
  }
}
