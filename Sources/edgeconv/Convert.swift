import ArgumentParser
import EdgeConvert
import EdgeFormat
import Foundation

/// `edgeconv convert`: ONNX in, `.edge` file and report out.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert an ONNX model into a .edge file.",
    discussion: """
      DATA is a folder of .npz files, one sample each (arrays named like the inputs, an optional `label`), or of raw \
      inputs (.wav .jpg .png .npy .bin), with labels.tsv (path, tab, label) where they have labels. Raw inputs need \
      --preprocess.
      """)

  @Argument(help: "The ONNX model.")
  var model: String

  @Option(name: [.customShort("o"), .customLong("output")], help: "The .edge file to write.")
  var output: String

  @Option(help: "Arithmetic: int8 (the default with --calibrate) or f32.")
  var precision: PrecisionName?

  @Option(help: ArgumentHelp("Samples that ranges are measured on.", valueName: "data"))
  var calibrate: String?

  @Option(
    name: .customLong("validate"),
    help: ArgumentHelp(
      "Other samples, to compare the file with the float model.", valueName: "data"))
  var validation: String?

  @Option(help: "Calibrate on at most so many samples, drawn by --seed.")
  var samples: Int?

  @Option(help: "How ranges are chosen: auto, minmax, mse, kl, percentile, percentile:99.9.")
  var observer = "auto"

  @Option(
    help: ArgumentHelp(
      "Search the fewest layers in float with which --validate loses at most this part of its answers (0.01: one point).",
      valueName: "part"))
  var accuracyDrop: Double?

  @Option(
    help: ArgumentHelp(
      "Try precisions, sparsities, exits, skips and tokens, and take the fastest or smallest that loses at most --accuracy-drop (0.01 unless given) on half of --validate; the other half certifies.",
      valueName: "latency|size"))
  var tune: TuningName?

  @Option(
    help: ArgumentHelp(
      "Names of nodes that stay in float, separated by commas.", valueName: "nodes"))
  var keepFloat: String?

  @Option(
    help: ArgumentHelp(
      "Part of the weights to prune, in blocks of 4 inputs by 4 outputs, without retraining: 0 to 0.95.",
      valueName: "part"))
  var sparsity = 0.0

  @Option(help: ArgumentHelp("Largest value of a run-time size.", valueName: "name=n,..."))
  var bound: [String] = []

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      "An input of one number that always has this value.", valueName: "name=value,..."))
  var fixedInput: [String] = []

  @Option(
    name: .customLong("size"),
    help: ArgumentHelp("A run-time size that always has this value.", valueName: "name=n,..."))
  var fixedSize: [String] = []

  @Option(
    help: ArgumentHelp(
      "Pairs of an input and an output that the session keeps from run to run; found by name when left out, off for none.",
      valueName: "in=out,..."))
  var state: [String] = []

  @Option(
    help: ArgumentHelp(
      "Part of the tokens that stays at each layer of an encoder from the second attention on, above 0 and at most 1; a run may choose another. auto: the least that is certified on --validate. off: tokens never leave.",
      valueName: "part|auto|off"))
  var tokens = "off"

  @Option(
    help: ArgumentHelp(
      "Early exits: auto or a number of heads to fit, or outputs of the model that answer early, each with the output that is its lambda, if any; off.",
      valueName: "auto|n|output[:lambda],...|off"))
  var exits: String?

  @Option(
    help: ArgumentHelp(
      "How exits measure how sure they are: auto, confidence, margin, entropy, patience, q-exit.",
      valueName: "criterion"))
  var criterion = "auto"

  @Option(
    help: ArgumentHelp(
      "Blocks that a run can skip, least missed first: auto, a number of them, or names of the values they give, in the order of skipping; off.",
      valueName: "auto|n|name,...|off"))
  var skips: String?

  @Option(
    help: ArgumentHelp(
      "What takes the place of a block that is skipped: fitted (an affine map fitted to what the block does, where that is better) or identity (what went in).",
      valueName: "fitted|identity"))
  var skipBypass = BypassName.fitted

  @Option(help: "Share of answers that early exits or skips may change, certified on --validate.")
  var risk = 0.02

  @Option(help: "How sure the certificate is.")
  var confidence = 0.95

  @Option(
    help: ArgumentHelp("JSON file that says how raw inputs become tensors.", valueName: "file.json")
  )
  var preprocess: String?

  @Option(help: ArgumentHelp("Class names, one a line.", valueName: "file"))
  var labels: String?

  @Option(help: ArgumentHelp("Write the report as one HTML page.", valueName: "file.html"))
  var report: String?

  @Flag(help: "Print the report as JSON.")
  var json = false

  @Option(help: "Seed of every random choice.")
  var seed: UInt64 = 1

  enum TuningName: String, ExpressibleByArgument, CaseIterable {
    case latency
    case size
  }

  enum BypassName: String, ExpressibleByArgument, CaseIterable {
    case fitted
    case identity
  }

  enum PrecisionName: String, ExpressibleByArgument, CaseIterable {
    case int8
    case f32
  }

  func validate() throws {
    guard risk > 0, risk < 1, confidence > 0, confidence < 1 else {
      throw ValidationError("--risk and --confidence lie between 0 and 1")
    }
    if let samples, samples < 1 { throw ValidationError("--samples must be 1 or more") }
    guard (0...0.95).contains(sparsity) else {
      throw ValidationError("--sparsity must lie between 0 and 0.95")
    }
    if tune != nil, validation == nil || calibrate == nil {
      throw ValidationError("--tune needs --calibrate and --validate")
    }
    if tune != nil, sparsity > 0 || skips != nil || tokens != "off" || precision != nil {
      throw ValidationError(
        "--tune chooses --precision, --sparsity, --skips and --tokens itself: leave them out")
    }
    guard let accuracyDrop else { return }
    if !(0..<1).contains(accuracyDrop) {
      throw ValidationError("--accuracy-drop is a part of the answers, from 0 to below 1")
    }
    if validation == nil || calibrate == nil {
      throw ValidationError("--accuracy-drop needs --calibrate and --validate")
    }
  }

  func run() throws {
    try Failure.reported {
      let result = try ProgressBar.following { try converted($0) }
      try AtomicFile.write(result.bytes, to: output)
      if let report { try AtomicFile.write(Array(HTMLPage(result.report).text.utf8), to: report) }
      print(json ? try JSONText.of(result.report) : result.report.summary)
    }
  }

  private func converted(_ progress: @escaping (Conversion.Step, Int, Int) -> Void) throws
    -> Conversion.Result
  {
    let options = try options()
    guard let goal = tune.flatMap({ Tuning.Goal(rawValue: $0.rawValue) }) else {
      return try Conversion(options, progress: progress).run()
    }
    return try Tuning(
      options, goal: goal, drop: accuracyDrop ?? 0.01, progress: progress,
      announce: { FileHandle.standardError.write(Data("trying \($0)\n".utf8)) }
    ).run()
  }

  private func options() throws -> ConversionOptions {
    var options = ConversionOptions(source: model, output: output)
    options.precision = precision.flatMap { Precision(rawValue: $0.rawValue) }
    options.calibration = calibrate
    options.validation = validation
    options.samples = samples
    options.keepFloat = keepFloat?.split(separator: ",").map(String.init) ?? []
    options.bounds = try Bounds.parsed(bound)
    options.fixed = try FixedInterface(inputs: fixedInput, sizes: fixedSize)
    options.states = try StateBinding(state)
    options.tokens = try TokenRequest(tokens)
    options.exits = try ExitRequest(exits)
    if options.exits != .off, options.tokens != .off, options.tokens != .part(1) {
      throw ConversionError.usage(
        "--tokens \(tokens) with --exits: a certificate speaks of runs that keep all tokens; "
          + "give --tokens 1, and let runs choose")
    }
    options.skips = SkipRequest(skips)
    options.fitsBypasses = skipBypass == .fitted
    if options.skips != .off, options.exits != .off || options.tokens != .off {
      throw ConversionError.usage(
        "--skips does not go together with --exits or --tokens: convert twice, and take what serves better"
      )
    }
    options.risk = risk
    options.confidence = confidence
    if criterion != "auto" {
      guard let known = ExitCriterion(name: criterion) else {
        throw ConversionError.usage(
          "--criterion \(criterion): known are auto, confidence, margin, entropy, patience and q-exit"
        )
      }
      options.criterion = known
    }
    options.preprocessing = preprocess
    options.labels = labels
    options.accuracyDrop = accuracyDrop
    options.seed = seed
    options.report = report
    options.sparsity = sparsity
    guard let observer = Observer(observer) else {
      throw ConversionError.usage(
        "--observer \(self.observer): known are auto, minmax, mse, kl, percentile and percentile:P with P in 50...100"
      )
    }
    options.observer = observer
    return options
  }
}
