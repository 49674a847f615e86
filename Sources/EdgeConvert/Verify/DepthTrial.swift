import EdgeFormat
import EdgeRuntime
import Foundation

/// What a shorter way through a file does to its answers, compared with its own at full depth.
struct DepthTrial {
  /// One sample on the shorter way.
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
      let answer = try file.run(sample)[0][0].tensor
      return Whole(sample: sample, answer: answer)
    }
    hasClasses = hasLabels || isProbability || graph[output].shape?.count == 4
  }

  var count: Int { samples.count }
  /// Whether losses count answers that change.
  var countsAnswers: Bool { hasClasses }

  /// Every sample on the same way.
  /// - Parameters:
  ///   - way: sets the options of the runs.
  ///   - visit: called after each run.
  func outcomes(_ way: (inout RunOptions) -> Void, visit: () -> Void = {}) throws -> [Outcome] {
    var options = RunOptions()
    way(&options)
    return try samples.map { whole in
      let answer = try file.run(whole.sample, options)[0].tensor
      visit()
      let distance = self.distance(answer.floats, whole.answer.floats)
      guard hasClasses else { return Outcome(distance: distance, loss: min(distance, 1)) }
      let classes = answer.classes
      return Outcome(
        distance: distance, loss: 1 - answer.agreement(with: whole.answer),
        isRight: whole.sample.label.flatMap { classes.count == 1 ? classes[0] == $0 : nil })
    }
  }

  /// Every sample with the same blocks skipped.
  func outcomes(skipping skipped: UInt64) throws -> [Outcome] {
    try outcomes { $0.skipped = skipped }
  }

  /// Mean loss.
  static func loss(_ outcomes: [Outcome]) -> Double {
    outcomes.reduce(0) { $0 + $1.loss } / Double(max(outcomes.count, 1))
  }

  /// Share of samples with the label's class; nil without labels.
  static func accuracy(_ outcomes: [Outcome]) -> Double? {
    let right = outcomes.compactMap(\.isRight)
    guard right.count == outcomes.count, !right.isEmpty else { return nil }
    return Double(right.count { $0 }) / Double(right.count)
  }

  private func distance(_ answer: [Float], _ whole: [Float]) -> Double {
    guard hasClasses, answer.count <= 1 << 16 else {
      return 1 - cosine(answer, whole)
    }
    let (p, q) = isProbability ? (whole, answer) : (softmax(whole), softmax(answer))
    return zip(p, q).reduce(0) { sum, pair in
      let (p, q) = (max(Double(pair.0), 1e-12), max(Double(pair.1), 1e-12))
      return sum + p * log(p / q)
    }
  }
}
