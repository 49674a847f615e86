import EdgeSamples
import Foundation

/// One conversion, from the ONNX file to the bytes of the `.edge` file and the report.
public struct Conversion {
  /// A long step, for progress.
  public enum Step: String, Sendable {
    case calibrating
    case validating
  }

  /// What a conversion gives.
  public struct Result: Sendable {
    public var bytes: [UInt8]
    public var report: ConversionReport
  }

  /// Version of the converter, written into every file.
  public static let version = "1.0.0"

  private let options: ConversionOptions
  private let progress: (Step, Int, Int) -> Void

  /// - Parameters:
  ///   - options: what to convert and how.
  ///   - progress: called with a step, the samples done and their number.
  public init(
    _ options: ConversionOptions, progress: @escaping (Step, Int, Int) -> Void = { _, _, _ in }
  ) {
    self.options = options
    self.progress = progress
  }

  /// Converts.
  /// - Throws: `ConversionError` with everything that is wrong.
  public func run() throws -> Result {
    var options = options
    let form = try PreprocessingFile(path: options.preprocessing, labels: options.labels)
    let bound = try BoundGraph(
      try Import.read(options.source, fixed: options.fixed), options.states, bounds: options.bounds)
    let given = options.precision == .float32 ? nil : try QuantizationReader.read(bound.graph)
    let precision = try options.effectivePrecision(isQuantized: given != nil)
    let graph = try Check.prepared(given ?? bound.graph)
    if options.states != .off, !bound.pairs.isEmpty { options.states = .pairs(bound.pairs) }
    let sizes = try RuntimeSizes(graph: graph, bounds: bound.bounds)
    let inputs = try graph.inputDescriptions(bounds: sizes.bounds)
    let calibration = try options.calibration.map {
      try DataSet(
        $0, inputs: inputs, stateCount: graph.states.count, preprocessing: form.preprocessing,
        limit: options.samples,
        seed: options.seed)
    }
    let validation = try options.validation.map {
      try DataSet(
        $0, inputs: inputs, stateCount: graph.states.count, preprocessing: form.preprocessing)
    }
    let used = precision == .int8 ? calibration : nil
    let (pruned, sparsityNotes) = try prune(graph, given == nil ? used : nil)
    let decided =
      given == nil
      ? try decide(pruned, used, bounds: bound.bounds)
      : GivenQuantization(graph, keepFloat: try graph.existing(options.keepFloat)).decided
    let provenance = try Provenance(
      options: options, precision: precision, calibration: used, validation: validation)
    let file = try makeFile(
      graph: decided.graph, quantization: decided.choices.quantization, bounds: bound.bounds,
      metadata: provenance.metadata(form.metadata))
    let loaded = try LoadedFile(file.bytes, name: options.output)
    var report = provenance.report(file, loaded, decided)
    report.states = file.states
    report.notes = bound.notes + sparsityNotes
    report.warnings += sizes.notes.map {
      ConversionReport.Warning(text: $0, remedy: "give --bound to change it")
    }
    if let validation {
      report.accuracy = try Verifier(graph: graph, data: validation).compare(loaded) {
        progress(.validating, $0, validation.count)
      }
    }
    if !sparsityNotes.isEmpty, let used {
      let measured =
        try report.accuracy ?? Verifier(graph: graph, data: used).compare(loaded) { _ in }
      let data = report.accuracy == nil ? "the calibration samples" : "the validation samples"
      if let warning = Pruning.warning(measured, data: data) { report.warnings.append(warning) }
    }
    if let probed = validation ?? used {
      try measureLayers(&report, decided.reference, loaded, probed)
    }
    return Result(bytes: file.bytes, report: report)
  }

  /// The graph with `--sparsity` of its weights pruned, and what to say of that.
  private func prune(_ graph: Graph, _ data: DataSet?) throws -> (Graph, [String]) {
    guard options.sparsity > 0 else { return (graph, []) }
    guard let data else {
      throw ConversionError.usage(
        "--sparsity needs samples to weigh weights by, in INT8: give a folder with --calibrate")
    }
    let pruning = Pruning(graph: graph, sparsity: options.sparsity)
    let result = try pruning.applied(data)
    return (result.graph, [pruning.note(result.layers)])
  }

  /// Fills in how far every layer's result is from the reference.
  private func measureLayers(
    _ report: inout ConversionReport, _ graph: Graph, _ file: LoadedFile, _ data: DataSet
  ) throws {
    var probe = try LayerProbe(graph: graph, file: file)
    for index in 0..<Swift.min(data.count, Verification.layerSamples) {
      try probe.add(data.sample(index))
    }
    let sqnr = probe.sqnr
    for (position, node) in graph.nodes.enumerated() {
      guard let output = node.outputs.first.flatMap({ $0 }), let found = sqnr[output] else {
        continue
      }
      report.layers[position].sqnr = found
    }
  }

  /// What was decided for a graph, and on which evidence.
  struct Decided {
    /// The graph to emit.
    var graph: Graph
    /// The same layer for layer, before weights were rounded and biases corrected.
    var reference: Graph
    var choices: QuantizationChoices
    var histograms: [ValueID: Histogram] = [:]
    /// What was tried and kept, with what it gained.
    var steps: [String] = []
  }

  /// Float everywhere without data; else calibrates and quantizes.
  private func decide(_ graph: Graph, _ data: DataSet?, bounds: [String: Int]) throws -> Decided {
    guard let data else {
      let nodes = graph.nodes.map { _ in
        PrecisionChoice(precision: .float32, reason: "float asked for")
      }
      return Decided(
        graph: graph, reference: graph,
        choices: QuantizationChoices(
          quantization: Quantization(floatNodes: graph.nodes.count), nodes: nodes, values: [:]))
    }
    var options = options
    options.bounds = bounds
    return try QuantizationSearch(data: data, options: options) { progress(.calibrating, $0, $1) }
      .run(graph)
  }
}
