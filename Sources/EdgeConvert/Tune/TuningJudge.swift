import EdgeFormat
import Foundation

/// Judges files by the answers of a float file on the validation samples that choose.
struct TuningJudge {
  private let data: DataSet
  private let samples: [LoadedSample]
  private let answers: [Tensor]
  private let hasLabels: Bool
  private let isClassifier: Bool
  private var right = 0.0

  /// - Parameter bytes: the file that others are compared with.
  init(_ bytes: [UInt8], _ options: ConversionOptions) throws {
    let file = try LoadedFile(bytes, name: "float")
    data = try DataSet(
      options.validation ?? "", inputs: file.inputDescriptions, stateCount: file.model.stateCount,
      preprocessing: file.preprocessing(), part: .even)
    samples = try (0..<data.count).map(data.sample)
    answers = try samples.map { try TuningJudge.answer(file.runAsIs($0).outputs) }
    hasLabels = samples.allSatisfy { $0.label != nil }
    let shape = answers.first?.shape ?? []
    isClassifier = hasLabels || (shape.count == 4 && shape[1] > 1)
    if hasLabels { right = share(answers) }
  }

  var count: Int { samples.count }

  /// What quality is.
  var measure: String { hasLabels ? "accuracy" : isClassifier ? "agreement" : "cosine" }

  /// What a file answers, not yet timed.
  func row(_ name: String, _ file: LoadedFile, bytes: Int, drop: Double) throws -> TuningReport.Row
  {
    let found = try samples.map { TuningJudge.answer(try file.runAsIs($0).outputs) }
    let quality = hasLabels ? share(found) : agreement(found)
    return TuningReport.Row(
      name: name, quality: quality, bytes: bytes,
      isWithin: (hasLabels ? right : 1) - quality <= drop)
  }

  /// Mean over samples, at most 200, of the least of three runs of each file, all files in turns.
  func milliseconds(_ files: [LoadedFile]) throws -> [Double] {
    var sums = [Double](repeating: 0, count: files.count)
    let timed = samples.prefix(200)
    for sample in timed {
      var least = [UInt64](repeating: .max, count: files.count)
      for _ in 0..<3 {
        for (index, file) in files.enumerated() {
          least[index] = min(least[index], try file.runAsIs(sample).nanoseconds)
        }
      }
      for (index, nanoseconds) in least.enumerated() { sums[index] += Double(nanoseconds) / 1e6 }
    }
    return sums.map { $0 / Double(max(timed.count, 1)) }
  }

  private static func answer(_ outputs: [[LoadedFile.Output]]) -> Tensor {
    outputs.last?.first?.tensor ?? Tensor([Float](), shape: [0])
  }

  /// The share of samples whose largest element is the label's.
  private func share(_ found: [Tensor]) -> Double {
    let hits = zip(found, samples).count { $0.0.classes.first == $0.1.label }
    return Double(hits) / Double(max(count, 1))
  }

  /// Mean share of places with the float file's class, or mean cosine.
  private func agreement(_ found: [Tensor]) -> Double {
    let each = zip(found, answers).map { own, whole -> Double in
      guard isClassifier else { return cosine(own.floats, whole.floats) }
      return own.agreement(with: whole)
    }
    return each.reduce(0, +) / Double(max(each.count, 1))
  }
}
