/// Fills the per-layer part of a report from what was decided.
struct ReportBuilder {
  let graph: Graph
  let choices: QuantizationChoices

  /// One entry a node, in order of execution.
  var layers: [ConversionReport.Layer] {
    graph.nodes.indices.map { layer($0) }
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

extension ConversionReport.Memory {
  /// Of a file and its session.
  init(_ file: EmittedFile, _ loaded: LoadedFile) {
    self.init(
      fileBytes: file.bytes.count, weightBytes: file.weightBytes, arenaBytes: file.arenaBytes,
      arenaLowerBound: file.arenaLowerBound, stateBytes: file.stateBytes,
      scratchBytes: loaded.model.scratchBytes, sessionBytes: loaded.sessionBytes)
  }
}
