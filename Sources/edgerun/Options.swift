import CEdgeHost
import EdgeSamples

/// A parsed command line.
struct Options {
  var command = Command.run
  var model = ""
  var inputs: [String] = []
  var output: String?
  var data: String?
  var pointLabels: String?
  var prompt: String?
  var similarTo: String?
  /// Tokens that continue a text.
  var tokens = 64
  var threads = 1
  var top = 5
  var budgetMilliseconds = 0.0
  var limits = RunLimits()
  /// Thresholds of exits that `eval` compares.
  var thresholds: [Float] = []
  /// Timed inferences; 0 when not given.
  var runs = 0
  var isResume = false
  var isResampling = false
  var isJSON = false
  var isProfile = false
  var isHelp = false
  var isVersion = false
}

extension Options {
  /// The time for each inference; 0 when there is no limit.
  var budgetNanoseconds: UInt64 { UInt64(budgetMilliseconds * 1e6) }
}

/// Turns words into `Options` by the table of flags.
enum CommandLineParser {
  static func parse(_ words: [String]) throws(CommandError) -> Options {
    var options = Options()
    var plain: [String] = []
    var rest = words[...]
    if let first = rest.first, let command = Command(word: first) {
      options.command = command
      rest = rest.dropFirst()
    }
    var isOnlyPlain = false
    while let word = rest.popFirst() {
      if isOnlyPlain || word.utf8.first != 0x2D || word.utf8.count == 1 {
        plain.append(word)
      } else if Text.equal(word, "--") {
        isOnlyPlain = true
      } else {
        try apply(word, &rest, &options)
      }
    }
    if !options.isHelp && !options.isVersion { try accept(plain, &options) }
    return options
  }

  /// Checks what must be given and nothing more.
  private static func accept(_ plain: [String], _ options: inout Options) throws(CommandError) {
    guard let model = plain.first else { throw usage("no model is given", options.command) }
    options.model = model
    options.inputs = [String](plain.dropFirst())
    switch options.command {
    case .run:
      if options.inputs.isEmpty && options.prompt == nil { throw usage("no input is given", .run) }
      if options.isResume && options.output == nil {
        throw usage("--resume continues a results file: name it with -o", .run)
      }
    case .bench, .eval, .info:
      if let extra = options.inputs.first {
        throw usage("'" + extra + "' is one word too many", options.command)
      }
    }
    let hasThreshold = options.limits.exitThreshold > 0 || !options.thresholds.isEmpty
    if options.limits.criterion != 0 && !hasThreshold {
      throw usage("--exit-criterion needs a threshold on its scale", options.command)
    }
    if options.command == .eval && options.data == nil {
      throw usage("--data is missing", .eval)
    }
  }

  private static func apply(
    _ word: String, _ rest: inout ArraySlice<String>, _ options: inout Options
  ) throws(CommandError) {
    let parts = split(word)
    let isShort = Text.equal(parts.name, "-h")
    for flag in Flag.all() {
      guard Text.equal(flag.name, parts.name) || (isShort && flag.kind == .help) else { continue }
      guard flag.commands & options.command.rawValue != 0 else {
        throw usage(parts.name + " does not belong to this command", options.command)
      }
      var value = parts.value
      if flag.valueName.isEmpty {
        if value != nil { throw usage(flag.name + " takes no value", options.command) }
      } else if value == nil {
        value = rest.popFirst()
        if value == nil {
          throw usage(flag.name + " needs a value, " + flag.valueName, options.command)
        }
      }
      try set(flag, value ?? "", &options)
      return
    }
    throw usage("there is no option " + parts.name, options.command)
  }

  private static func set(
    _ flag: Flag, _ value: String, _ options: inout Options
  ) throws(CommandError) {
    switch flag.kind {
    case .output: options.output = value
    case .data: options.data = value
    case .pointLabels: options.pointLabels = value
    case .threads: options.threads = try threads(flag, value, options)
    case .top: options.top = Int(try number(flag, value, 1, 1_000_000, options))
    case .runs: options.runs = Int(try number(flag, value, 1, 100_000_000, options))
    case .budget:
      options.budgetMilliseconds = try number(flag, value, 1e-6, 1e9, options)
      options.limits.budgetNanoseconds = options.budgetNanoseconds
    case .exitThreshold: options.limits.exitThreshold = try threshold(flag, value, options)
    case .tokenKeep:
      options.limits.tokenKeep = Float(try number(flag, value, 1e-3, 1, options))
    case .skip:
      let count = Int32(try number(flag, value, 0, 64, options))
      options.limits.skippedBlocks = count > 0 ? count : -1
    case .thresholds:
      options.thresholds = try thresholds(flag, value, options)
    case .maxExit: options.limits.maxExit = Int32(try number(flag, value, 1, 64, options))
    case .fullDepth: options.limits.isFullDepth = true
    case .criterion:
      guard let code = ExitCriterionName.code(value) else {
        throw usage(
          flag.name + " '" + value + "' is not " + ExitCriterionName.list, options.command)
      }
      options.limits.criterion = code
    case .prompt: options.prompt = value
    case .similarTo: options.similarTo = value
    case .tokens: options.tokens = Int(try number(flag, value, 1, 1_000_000, options))
    case .resume: options.isResume = true
    case .resample: options.isResampling = true
    case .json: options.isJSON = true
    case .profile: options.isProfile = true
    case .help: options.isHelp = true
    case .version: options.isVersion = true
    }
  }

  /// A threshold of exits; "inf" for none that any head reaches.
  private static func threshold(
    _ flag: Flag, _ value: String, _ options: Options
  ) throws(CommandError) -> Float {
    Text.equal(value, "inf") ? .infinity : Float(try number(flag, value, 1e-6, 1e6, options))
  }

  private static func thresholds(
    _ flag: Flag, _ value: String, _ options: Options
  ) throws(CommandError) -> [Float] {
    var found: [Float] = []
    for part in value.utf8.split(separator: 0x2C) {
      let word = String(decoding: [UInt8](part), as: UTF8.self)
      found.append(try threshold(flag, word, options))
    }
    return found
  }

  /// A number of threads; as many as processors may be used for 0 and "auto".
  private static func threads(
    _ flag: Flag, _ value: String, _ options: Options
  ) throws(CommandError) -> Int {
    let count = Text.equal(value, "auto") ? 0 : Int(try number(flag, value, 0, 64, options))
    return count > 0 ? count : min(Int(edge_cli_processors()), 64)
  }

  private static func number(
    _ flag: Flag, _ text: String, _ low: Double, _ high: Double, _ options: Options
  ) throws(CommandError) -> Double {
    let isWhole =
      switch flag.kind {
      case .budget, .exitThreshold, .thresholds, .tokenKeep: false
      default: true
      }
    if let value = Text.number(text), value >= low, value <= high,
      !isWhole || value == Double(Int(value))
    {
      return value
    }
    throw usage(
      flag.name + " '" + text + "' is not a " + (isWhole ? "whole " : "") + "number from "
        + numberText(low) + " to " + numberText(high), options.command)
  }

  /// `--name=value` in two.
  private static func split(_ word: String) -> (name: String, value: String?) {
    let bytes = [UInt8](word.utf8)
    guard let equals = bytes.firstIndex(of: 0x3D), bytes.count > 1, bytes[1] == 0x2D else {
      return (word, nil)
    }
    return (
      String(decoding: bytes[..<equals], as: UTF8.self),
      String(decoding: bytes[(equals + 1)...], as: UTF8.self)
    )
  }

  private static func usage(_ reason: String, _ command: Command) -> CommandError {
    let word = command.word
    return CommandError(
      reason + ": see `edgerun " + (word.isEmpty ? "" : word + " ") + "--help`")
  }
}
