import EdgeSamples

/// The commands; raw values are bits in a flag's set of commands.
enum Command: UInt8 {
  case run = 1
  case bench = 2
  case eval = 4
  case info = 8

  /// The command a first word names; nil for a model file.
  init?(word: String) {
    for command in [Command.bench, .eval, .info] where Text.equal(command.word, word) {
      self = command
      return
    }
    return nil
  }

  /// The word that chooses the command; empty for running a model.
  var word: String {
    switch self {
    case .run: ""
    case .bench: "bench"
    case .eval: "eval"
    case .info: "info"
    }
  }
}
