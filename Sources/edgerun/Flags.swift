/// What a flag sets; raw values index nothing and are never shown.
enum FlagKind: Int {
  case output = 0
  case threads = 1
  case budget = 2
  case top = 3
  case resume = 4
  case runs = 5
  case json = 6
  case profile = 7
  case data = 8
  case help = 9
  case version = 10
  case resample = 11
  case pointLabels = 12
  case prompt = 13
  case tokens = 14
  case similarTo = 15
  case exitThreshold = 16
  case maxExit = 17
  case fullDepth = 18
  case criterion = 19
  case thresholds = 20
  case tokenKeep = 21
  case skip = 22
}

/// One flag: the parser and the help text both come from this table.
struct Flag {
  let kind: FlagKind
  /// The spelling, with its dashes.
  let name: String
  /// What its value is called in the help text; empty when it takes none.
  let valueName: String
  let help: String
  /// Bits of the commands that take it.
  let commands: UInt8

  init(_ kind: FlagKind, _ name: String, _ valueName: String, _ help: String, _ commands: [Command])
  {
    self.kind = kind
    self.name = name
    self.valueName = valueName
    self.help = help
    self.commands = commands.reduce(0) { $0 | $1.rawValue }
  }

  static func all() -> [Flag] {
    [
      Flag(
        .output, "-o", "FILE",
        "write results to FILE; while running they are in FILE.partial. Standard output unless given",
        [.run]),
      Flag(
        .resume, "--resume", "", "continue after the inputs that FILE.partial already has", [.run]),
      Flag(
        .top, "--top", "K", "classes shown for a classifier, best first; 5 unless given", [.run]),
      Flag(
        .budget, "--budget-ms", "X",
        "time for each inference; a model with exits or skips stays within it where it can",
        [.run, .eval, .bench]),
      Flag(
        .exitThreshold, "--exit-threshold", "T",
        "leave at the first exit that is as sure as T, in place of the model's threshold; inf: at none",
        [.run, .eval, .bench]),
      Flag(
        .criterion, "--exit-criterion", "NAME",
        "how sure an exit is: " + ExitCriterionName.list + "; the model's unless given",
        [.run, .eval, .bench]),
      Flag(.maxExit, "--max-exit", "N", "leave at exit N at the latest", [.run, .eval, .bench]),
      Flag(
        .fullDepth, "--full-depth", "", "run the whole model, without its exits and skips",
        [.run, .eval, .bench]),
      Flag(
        .tokenKeep, "--token-keep", "F",
        "part of the tokens that stays at each elimination of an encoder, above 0 and at most 1; the model's unless given",
        [.run, .eval, .bench]),
      Flag(
        .skip, "--skip", "N",
        "skip the first N of the blocks that can be skipped, in the model's order; as many as the model says unless given",
        [.run, .eval, .bench]),
      Flag(
        .thresholds, "--thresholds", "T,...",
        "also the accuracy, mean exit and mean time at each of these thresholds of the exits",
        [.eval]),
      Flag(
        .resample, "--resample", "", "take sounds of another rate, and change it to the model's",
        [.run, .eval]),
      Flag(
        .pointLabels, "--point-labels", "DIR",
        "also write the labels of each cloud's points to DIR/NAME.label, as SemanticKITTI has them",
        [.run]),
      Flag(.prompt, "--prompt", "TEXT", "a text as an input, for a model of texts", [.run]),
      Flag(
        .tokens, "--tokens", "N", "tokens that continue a text, at most; 64 unless given", [.run]),
      Flag(
        .similarTo, "--similar-to", "TEXT",
        "in place of embeddings, how similar they are to that of TEXT: cosine, -1 to 1", [.run]),
      Flag(
        .threads, "--threads", "N",
        "threads that share one inference, 1 to 64, or auto: as many as processors may be used; 1 unless given",
        [.run, .bench, .eval, .info]),
      Flag(
        .runs, "--runs", "N", "timed inferences; unless given 100, or as many as 5 seconds hold",
        [.bench]),
      Flag(
        .profile, "--profile", "", "also list the time of every node, and of all of an operator",
        [.bench]),
      Flag(
        .data, "--data", "DIR",
        "folder with labels.tsv (path<TAB>label), or of .npz files with a `label` array", [.eval]),
      Flag(.json, "--json", "", "print one JSON object instead of text", [.bench, .eval, .info]),
      Flag(.help, "--help", "", "print this text", [.run, .bench, .eval, .info]),
      Flag(.version, "--version", "", "print the version", [.run, .bench, .eval, .info]),
    ]
  }
}
