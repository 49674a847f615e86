import Foundation

/// Whether validation samples stay within what calibration samples have shown.
struct Coverage {
  private static let samples = 32
  /// How many times the calibrated extent a value may reach before it is told.
  private static let reach = 1.5

  private var beyond: [(name: String, times: Double)] = []
  private let count: Int

  /// Looks at the inputs and INT8 values of the reference.
  init(_ decided: Conversion.Decided, _ data: DataSet) throws {
    count = Swift.min(Coverage.samples, data.count)
    var largest: [ValueID: Double] = [:]
    let evaluator = try Evaluator(decided.reference)
    guard !decided.histograms.isEmpty else { return }
    for index in 0..<count {
      _ = try evaluator.run(data.sample(index)) { id, tensor in
        guard let seen = decided.histograms[id], seen.minimum < seen.maximum else { return }
        let extent = Double(Swift.max(seen.maximum, 0)) - Double(Swift.min(seen.minimum, 0))
        let values = tensor.floats
        let low = Double(values.min() ?? 0)
        let high = Double(values.max() ?? 0)
        let reach = Swift.max(Swift.max(high, 0) - Swift.min(low, 0), 0) / extent
        largest[id] = Swift.max(largest[id] ?? 0, reach)
      }
    }
    beyond = largest.filter { $0.value > Coverage.reach }
      .sorted { ($0.value, $1.key) > ($1.value, $0.key) }
      .map { (decided.graph[$0.key].name, $0.value) }
  }

  /// One warning, when calibration does not represent validation.
  var warnings: [ConversionReport.Warning] {
    guard let worst = beyond.first else { return [] }
    return [
      ConversionReport.Warning(
        "calibration does not represent validation: \(beyond.count) values go further in \(count) validation samples, "
          + String(format: "'%@' %.1f times as far", worst.name, worst.times),
        remedy: "give --calibrate samples of the same kind as --validate, but other ones")
    ]
  }
}
