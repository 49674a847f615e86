import CEdgeHost

/// A bar on standard error, drawn at most ten times a second.
///
/// It is drawn only when standard error is a terminal to which no results go meanwhile.
struct ProgressBar {
  private let total: Int
  private let first: Int
  private let isShown: Bool
  private let start: UInt64
  private var lastDrawn: UInt64 = 0

  /// A bar for `total` steps of which `first` were done before; `isAlone` when no results are
  /// printed meanwhile.
  init(total: Int, first: Int = 0, isAlone: Bool = true) {
    self.total = total
    self.first = first
    let isTerminal = edge_cli_is_terminal(EDGE_CLI_STDERR) != 0
    isShown = isTerminal && (isAlone || edge_cli_is_terminal(EDGE_CLI_STDOUT) == 0)
    start = edge_host_nanoseconds()
  }

  /// Shows that `done` steps are done.
  mutating func show(_ done: Int) {
    guard isShown else { return }
    let now = edge_host_nanoseconds()
    guard now &- lastDrawn > 100_000_000 || done == total else { return }
    lastDrawn = now
    let seconds = Double(now &- start) / 1e9
    let rate = Double(done - first) / max(seconds, 1e-9)
    let left = rate > 0 ? Double(total - done) / rate : 0
    let figures =
      " " + String(done) + "/" + String(total) + "  " + numberText(rate, digits: 3) + "/s  "
      + String(Int(left + 0.5)) + " s left"
    let width = max(10, Int(edge_cli_terminal_columns(EDGE_CLI_STDERR)) - figures.utf8.count - 4)
    let filled = total > 0 ? done * width / total : width
    let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: width - filled)
    _ = Console.write("\r[" + bar + "]" + figures + "\u{1B}[K", to: EDGE_CLI_STDERR)
  }

  /// Wipes the bar off the screen.
  func clear() {
    if isShown { _ = Console.write("\r\u{1B}[K", to: EDGE_CLI_STDERR) }
  }
}
