/// Compares a file run by the runtime with the float reference, sample by sample.
public struct Verifier {
  private let graph: Graph
  private let data: DataSet

  /// - Parameters:
  ///   - graph: the float model.
  ///   - data: the samples to compare on.
  public init(graph: Graph, data: DataSet) {
    self.graph = graph
    self.data = data
  }

  /// The comparison over all samples.
  /// - Parameters:
  ///   - file: the converted model; its outputs are those of the graph, in order.
  ///   - progress: called with the number of samples done.
  /// - Throws: `ConversionError.usage` when the data do not fit, or the file has other outputs than
  ///   the model.
  public func compare(_ file: LoadedFile, progress: (Int) -> Void = { _ in }) throws
    -> AccuracyComparison
  {
    let evaluator = try Evaluator(graph)
    guard file.model.outputCount == graph.outputs.count, file.model.inputCount == graph.inputs.count
    else {
      throw ConversionError.usage(
        "the file has \(file.model.inputCount) inputs and \(file.model.outputCount) outputs, the model "
          + "\(graph.inputs.count) and \(graph.outputs.count): it was not converted from this model"
      )
    }
    var outputs = graph.outputs.map { OutputAccumulator(name: graph[$0].name) }
    var answers = Answers()
    for index in 0..<data.count {
      let sample = try data.sample(index)
      var classes: (reference: Int, found: Int)?
      for (reference, found) in zip(try evaluator.run(sample), try file.run(sample)) {
        for position in outputs.indices {
          let tensor = found[position].tensor
          guard tensor.count == reference[position].count else {
            throw ConversionError.usage(
              "output '\(graph[graph.outputs[position]].name)' has \(tensor.count) values in the file and "
                + "\(reference[position].count) in the model: the file was not converted from this model"
            )
          }
          let answer = outputs[position].add(reference[position], tensor)
          if position == 0 { classes = answer }
        }
      }
      if let classes, let label = sample.label {
        answers.add(label, reference: classes.reference, found: classes.found)
      }
      progress(index + 1)
    }
    var comparison = AccuracyComparison(samples: data.count, outputs: outputs.map(\.comparison))
    answers.fill(&comparison)
    return comparison
  }

  /// Right and wrong answers over the samples that have a label.
  private struct Answers {
    private var total = 0
    private var reference = 0
    private var found = 0
    private var lost = 0
    private var gained = 0

    mutating func add(_ label: Int, reference a: Int, found b: Int) {
      total += 1
      if a == label { reference += 1 }
      if b == label { found += 1 }
      if a == label, b != label { lost += 1 }
      if a != label, b == label { gained += 1 }
    }

    func fill(_ comparison: inout AccuracyComparison) {
      guard total > 0 else { return }
      comparison.reference = Proportion(reference, of: total)
      comparison.converted = Proportion(found, of: total)
      comparison.difference = PairedDifference(lost: lost, gained: gained, total: total)
    }
  }
}
