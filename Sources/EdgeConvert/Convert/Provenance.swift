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
    for (key, value) in options.stated { entries["option.\(key)"] = value }
    return entries.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The report of an emitted file, without accuracy.
  func report(_ file: EmittedFile, _ loaded: LoadedFile, _ decided: Conversion.Decided)
    -> ConversionReport
  {
    let builder = ReportBuilder(
      graph: decided.graph, choices: decided.choices, histograms: decided.histograms)
    let memory = ConversionReport.Memory(
      fileBytes: file.bytes.count, weightBytes: file.weightBytes, arenaBytes: file.arenaBytes,
      arenaLowerBound: file.arenaLowerBound, stateBytes: file.stateBytes,
      scratchBytes: loaded.model.scratchBytes, sessionBytes: loaded.sessionBytes)
    var report = ConversionReport(
      converter: "edgeconv \(Conversion.version)", source: options.source, sourceSHA256: source,
      output: options.output, precision: precision.rawValue, options: options.stated,
      calibration: calibration,
      validation: validation, memory: memory, layers: builder.layers, warnings: [])
    report.steps = decided.steps
    let blocks = Dictionary(
      file.nodes.compactMap { node in node.blocks.map { (node.name, $0) } },
      uniquingKeysWith: { a, _ in a })
    for position in report.layers.indices {
      report.layers[position].blocks = blocks[report.layers[position].name]
    }
    report.warnings = builder.warnings(samples: calibration?.samples)
    if shared > 0 {
      report.warnings.append(
        ConversionReport.Warning(
          text:
            "\(shared) files calibrate and validate alike, so the accuracy is not of unseen data",
          remedy: "give disjoint folders to --calibrate and --validate"))
    }
    return report
  }

  private static func data(_ set: DataSet, _ digests: [String]) -> ConversionReport.Data {
    ConversionReport.Data(path: set.path, samples: set.count, sha256: DataSet.digest(of: digests))
  }
}
