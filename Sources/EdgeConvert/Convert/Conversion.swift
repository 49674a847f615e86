import EdgeFormat
import EdgeSamples
import Foundation

/// One conversion, from the ONNX file to the bytes of the `.edge` file and the report.
public struct Conversion {
  /// A long step, for progress.
  public enum Step: String, Sendable {
    case calibrating
    case validating
    case fitting = "fitting exits"
    case trying = "trying exits"
    case leaving = "trying tokens"
    case skipping = "trying skips"
  }

  /// What a conversion gives.
  public struct Result: Sendable {
    public var bytes: [UInt8]
    public var report: ConversionReport
  }

  /// Version of the converter, written into every file.
  public static let version = "1.0.0"
  /// Runs of which the shortest time of each node is reported.
  private static let timedRuns = 8
  /// Samples that layers are ranked on where validation decides how many stay in float.
  private static let rankingSamples = 16

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
    var bound = try BoundGraph(
      try Import.read(options.source, fixed: options.fixed), options.states, bounds: options.bounds)
    if case .named(let names) = options.exits { try bound.graph.bindExits(names) }
    let given = options.precision == .float32 ? nil : try QuantizationReader.read(bound.graph)
    let precision = try options.effectivePrecision(isQuantized: given != nil)
    var graph = try Check.prepared(given ?? bound.graph)
    if options.tokens != .off { graph = try TokenElimination.applied(to: graph) }
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
        $0, inputs: inputs, stateCount: graph.states.count, preprocessing: form.preprocessing,
        part: options.validationPart)
    }
    let used = precision == .int8 ? calibration : nil
    let (pruned, sparsityNotes) = try prune(graph, given == nil ? used : nil)
    var decided =
      given == nil
      ? try decide(pruned, used, bounds: bound.bounds)
      : GivenQuantization(graph, keepFloat: try graph.existing(options.keepFloat)).decided
    if let drop = options.accuracyDrop, let used, let validation, given == nil {
      let trial = try Trial(
        graph: graph, data: used, limit: Conversion.rankingSamples, bounds: bound.bounds)
      decided = try AccuracySearch(
        graph: graph, validation: validation, bounds: bound.bounds, drop: drop
      ).run(decided, trial: trial)
    }
    let plain = decided
    let provenance = try Provenance(
      options: options, precision: precision, calibration: used, validation: validation)
    let exits = try ExitPass(options: options, bounds: bound.bounds) {
      progress($0, $1, $2)
    }.run(&decided, calibration: calibration, validation: validation)
    let tokens = try TokenPass(options: options, bounds: bound.bounds) {
      progress(.leaving, $0, $1)
    }.run(&decided, calibration: calibration, validation: validation)
    let skips = try SkipPass(options: options, bounds: bound.bounds) {
      progress(.skipping, $0, $1)
    }.run(&decided, calibration: calibration, validation: validation)
    var report = provenance.report(decided)
    if given == nil, let used {
      try diagnose(&report, plain, graph, used, bounds: bound.bounds)
    }
    let file = try makeFile(
      graph: decided.graph, quantization: decided.choices.quantization, bounds: bound.bounds,
      metadata: provenance.metadata(
        form.metadata.merging(StoredExplanation.entries(report)) { own, _ in own }),
      certificates: exits?.certificates ?? tokens?.certificates ?? skips?.certificates ?? [])
    let loaded = try LoadedFile(file.bytes, name: options.output)
    report.memory = ConversionReport.Memory(file, loaded)
    report.setBlocks(file.nodes)
    report.states = file.states
    report.notes = bound.notes + sparsityNotes + (exits?.notes ?? []) + (skips?.notes ?? [])
    report.exits = exits?.report
    report.tokens = tokens?.report
    report.skips = skips?.report
    report.warnings += provenance.warnings + (exits?.warnings ?? [])
    report.warnings += (tokens?.warnings ?? []) + (skips?.warnings ?? [])
    report.warnings += sizes.notes.map {
      ConversionReport.Warning($0, remedy: "give --bound to change it")
    }
    if let validation {
      report.accuracy = try Verifier(graph: graph, data: validation).compare(loaded) {
        progress(.validating, $0, validation.count)
      }
      report.warnings += try Coverage(decided, validation).warnings
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
    try measureTimes(&report, loaded, file.bytes, validation ?? used)
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

  /// Fills in what calibration samples say of the quantization.
  private func diagnose(
    _ report: inout ConversionReport, _ decided: Decided, _ graph: Graph, _ data: DataSet,
    bounds: [String: Int]
  ) throws {
    let diagnosis = try Diagnosis(decided, graph: graph, data: data, bounds: bounds)
    let inFloat = try diagnosis.inFloat()
    report.outputSQNR = diagnosis.outputSQNR
    report.stability = try diagnosis.stability(samples: data.count)
    for (position, sums) in diagnosis.layers.sums { report.layers[position].sqnrAlone = sums.sqnr }
    for (position, gained) in inFloat { report.layers[position].outputSQNRInFloat = gained }
    report.warnings += try Findings(decided, options: options).ofLayers(
      diagnosis, inFloat: inFloat)
  }

  /// Fills in which kernel runs each layer, its time on this machine, and the use of the arena.
  private func measureTimes(
    _ report: inout ConversionReport, _ file: LoadedFile, _ bytes: [UInt8], _ data: DataSet?
  ) throws {
    let inspection = try Inspection(copying: bytes, name: options.output)
    report.timeline = zip(inspection.nodes, ArenaUse(inspection).liveBytes).map {
      ConversionReport.ArenaStep(name: $0.name, liveBytes: $1)
    }
    guard let data else { return }
    var times: [String: LoadedFile.NodeTime] = [:]
    for time in try file.profile(data.sample(0), runs: Conversion.timedRuns) {
      times[time.name] = times[time.name].map { $0.joined(with: time) } ?? time
    }
    for (position, layer) in report.layers.enumerated() {
      report.layers[position].kernel = times[layer.name]?.kernel
      report.layers[position].microseconds = times[layer.name]?.microseconds
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
    /// `histograms` over every other sample, apart.
    var halves = Calibrator.Halves()
    /// What the choices were made with.
    var settings = QuantizationOptions()
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
