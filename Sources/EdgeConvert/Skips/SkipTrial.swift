import EdgeFormat
import Foundation

/// What skipping does to the answers of a file, compared with its own at full depth.
struct SkipTrial {
  /// One sample with some blocks skipped.
  struct Outcome {
    /// How far the answer is from the whole model's: divergence of probabilities, or 1 - cosine.
    var distance: Double
    /// The share of places whose class differs; the distance, at most 1, where the model has no classes.
    var loss: Double
    var isRight: Bool?
  }

  /// Samples with the whole model's answers.
  private struct Whole {
    var sample: LoadedSample
    var answer: Tensor
  }

  private let file: LoadedFile
  /// Whether the output is scores or probabilities of classes.
  private let hasClasses: Bool
  private let isProbability: Bool
  private let samples: [Whole]

  /// - Parameter indices: of the samples that are run.
  init(
    _ file: LoadedFile, _ graph: Graph, _ data: DataSet, _ indices: Range<Int>
  ) throws {
    self.file = file
    let output = graph.outputs[0]
    let last = graph.nodes.first { $0.outputs.contains(output) }?.op
    isProbability = last == "Softmax"
    var hasLabels = false
    samples = try indices.map { index in
      let sample = try data.sample(index)
      hasLabels = hasLabels || sample.label != nil
      let answer = try file.run(sample.runs[0], name: sample.path)[0].tensor
      return Whole(sample: sample, answer: answer)
    }
    hasClasses = hasLabels || isProbability || graph[output].shape?.count == 4
  }

  var count: Int { samples.count }
  /// Whether losses count answers that change.
  var countsAnswers: Bool { hasClasses }

  /// Every sample with the same blocks skipped.
  func outcomes(_ skipped: UInt64) throws -> [Outcome] {
    try samples.map { whole in
      let answer = try file.run(
        whole.sample.runs[0], name: whole.sample.path, skipped: skipped)[0].tensor
      let distance = self.distance(answer.floats, whole.answer.floats)
      guard hasClasses else { return Outcome(distance: distance, loss: min(distance, 1)) }
      let classes = answer.classes
      return Outcome(
        distance: distance, loss: 1 - answer.agreement(with: whole.answer),
        isRight: whole.sample.label.flatMap { classes.count == 1 ? classes[0] == $0 : nil })
    }
  }

  /// Mean distance with blocks skipped.
  func distance(_ skipped: UInt64) throws -> Double {
    try outcomes(skipped).reduce(0) { $0 + $1.distance } / Double(max(count, 1))
  }

  private func distance(_ answer: [Float], _ whole: [Float]) -> Double {
    guard hasClasses, answer.count <= 1 << 16 else {
      return 1 - cosine(answer, whole)
    }
    let (p, q) = (probabilities(whole), probabilities(answer))
    return zip(p, q).reduce(0) { $0 + $1.0 * log(max($1.0, 1e-12) / max($1.1, 1e-12)) }
  }

  private func probabilities(_ values: [Float]) -> [Double] {
    if isProbability { return values.map { Double($0) } }
    let most = values.max() ?? 0
    let powers = values.map { exp(Double($0 - most)) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }
}
