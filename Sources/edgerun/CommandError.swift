/// Exit codes of every command; the help text states them.
enum ExitCode {
  /// Everything went well.
  static let success: Int32 = 0
  /// Some inputs failed.
  static let someFailed: Int32 = 1
  /// Bad usage, an unusable model, or an output that cannot be written.
  static let unusable: Int32 = 2
  /// Ended by Ctrl-C, as shells report it.
  static let interrupted: Int32 = 130
}

/// Why a command ends early: one sentence naming cause and remedy.
struct CommandError: Error {
  let message: String
  let exitCode: Int32

  init(_ message: String, exitCode: Int32 = ExitCode.unusable) {
    self.message = message
    self.exitCode = exitCode
  }
}
