import Foundation

/// Where a file comes from: what its metadata and the report state.
struct Provenance {
  private let options: ConversionOptions
  private let precision: Precision
  private let source: String
  private let calibration: ConversionReport.Data?
  private let validation: ConversionReport.Data?
  /// Files that calibrate and validate alike.
  private let shared: Int

  /// Digests the source and the data.
  /// - Throws: `ConversionError.usage` when a file cannot be read.
  init(
    options: ConversionOptions, precision: Precision, calibration: DataSet?, validation: DataSet?
  ) throws {
    self.options = options
    self.precision = precision
    source = try ContentDigest.file(options.source)
    let fitted = try calibration?.digests()
    let measured = try validation?.digests()
    self.calibration = calibration.map { Provenance.data($0, fitted ?? []) }
    self.validation = validation.map { Provenance.data($0, measured ?? []) }
    shared = Set(fitted ?? []).intersection(measured ?? []).count
  }

  /// Entries of the metadata section: what the runtime needs to prepare inputs, and what made the
  /// file.
  func metadata(_ preprocessing: [String: String]) -> [(key: String, value: String)] {
    var entries = preprocessing
    entries["converter"] = "edgeconv \(Conversion.version)"
    entries["precision"] = precision.rawValue
    entries["source.name"] = (options.source as NSString).lastPathComponent
    entries["source.sha256"] = source
    if let calibration {
      entries["calibration.sha256"] = calibration.sha256
      entries["calibration.samples"] = String(calibration.samples)
    }
    if options.accuracyDrop != nil, let validation {
      entries["validation.sha256"] = validation.sha256
    }
    for (key, value) in options.stated { entries["option.\(key)"] = value }
    return entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A report of decisions, to be completed with what the file shows.
  func report(_ decided: Conversion.Decided) -> ConversionReport {
    var report = ConversionReport(
      converter: "edgeconv \(Conversion.version)", source: options.source, sourceSHA256: source,
      output: options.output, precision: precision.rawValue, options: options.stated,
      calibration: calibration, validation: validation, memory: ConversionReport.Memory(),
      layers: ReportBuilder(graph: decided.graph, choices: decided.choices).layers, warnings: [])
    report.steps = decided.steps
    report.warnings = Findings(decided, options: options).ofData(samples: calibration?.samples)
    return report
  }

  /// What is wrong with the choice of data.
  var warnings: [ConversionReport.Warning] {
    guard let validation else { return [] }
    var warnings: [ConversionReport.Warning] = []
    if options.accuracyDrop != nil {
      warnings.append(
        ConversionReport.Warning(
          "--accuracy-drop chose layers on the validation samples, so the accuracy on them flatters",
          remedy: "run edgeconv verify with samples that took no part"))
    }
    guard shared > 0 else { return warnings }
    let count = shared == validation.samples ? "all" : "\(shared) of"
    return warnings + [
      ConversionReport.Warning(
        "\(count) \(validation.samples) validation samples are calibration samples too (equal content), "
          + "so the accuracy is not of unseen data",
        remedy:
          "give --validate a folder of samples that are not in \(options.calibration ?? "--calibrate")"
      )
    ]
  }

  private static func data(_ set: DataSet, _ digests: [String]) -> ConversionReport.Data {
    ConversionReport.Data(path: set.path, samples: set.count, sha256: DataSet.digest(of: digests))
  }
}
