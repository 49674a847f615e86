import CEdgeHost

/// Standard output and standard error.
enum Console {
  /// Writes to standard output; a full disk or closed pipe is an error.
  static func output(_ text: String) throws(CommandError) {
    let code = write(text, to: EDGE_CLI_STDOUT)
    if code != 0 {
      throw CommandError("standard output cannot be written: " + errorText(code))
    }
  }

  /// Writes one message line to standard error.
  static func error(_ message: String) {
    _ = write("edgerun: " + message + "\n", to: EDGE_CLI_STDERR)
  }

  /// Writes text as it is to a file; 0, or errno.
  static func write(_ text: String, to file: Int32) -> Int32 {
    var text = text
    return text.withUTF8 { edge_cli_write(file, $0.baseAddress, $0.count) }
  }

  /// The system's words for an errno value.
  static func errorText(_ code: Int32) -> String {
    String(cString: edge_host_error_text(code))
  }
}
