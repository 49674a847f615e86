import CEdgeHost
import EdgeSamples

/// Where result lines go: standard output, or a file that has its name only when it is complete.
///
/// While lines are added they are in `FILE.partial`, each written at once and synced to the disk
/// now and then, so an interruption costs at most the line being written. A FILE that is a device
/// or pipe is written directly.
struct ResultFile {
  private let path: String?
  private let isPartial: Bool
  private var file: Int32
  private var lastSync: UInt64
  private var lineCount: Int

  /// Opens the output; `kept` lines of `keptBytes` bytes stay at the start of a partial file.
  init(_ path: String?, keptLines: Int, keptBytes: Int) throws(CommandError) {
    self.path = path
    lineCount = keptLines
    file = EDGE_CLI_STDOUT
    lastSync = edge_host_nanoseconds()
    guard let path else {
      isPartial = false
      return
    }
    var code: Int32 = 0
    let kind = edge_cli_kind(path, &code)
    if kind == EDGE_CLI_FOLDER {
      throw CommandError(path + ": is a folder: name a file after -o")
    }
    isPartial = kind != EDGE_CLI_OTHER
    let target = isPartial ? Self.partialPath(path) : path
    code = edge_cli_open_output(target, UInt64(keptBytes), &file)
    if code != 0 { throw CommandError(target + ": cannot be written: " + Console.errorText(code)) }
  }

  static func partialPath(_ path: String) -> String { path + ".partial" }

  /// Adds a line.
  mutating func write(_ line: String) throws(CommandError) {
    try check(Console.write(line, to: file))
    lineCount += 1
    let now = edge_host_nanoseconds()
    if isPartial && now &- lastSync > 2_000_000_000 {
      try check(edge_cli_sync(file))
      lastSync = now
    }
  }

  /// Makes the file complete and gives it its name.
  mutating func finish() throws(CommandError) {
    guard let path else { return }
    if isPartial { try check(edge_cli_sync(file)) }
    let code = edge_cli_close(file)
    try check(code)
    if isPartial { try check(edge_cli_rename(Self.partialPath(path), path)) }
  }

  private func check(_ code: Int32) throws(CommandError) {
    if code == 0 { return }
    guard let path else {
      throw CommandError("standard output cannot be written: " + Console.errorText(code))
    }
    guard isPartial else {
      throw CommandError(path + ": cannot be written: " + Console.errorText(code))
    }
    let partial = Self.partialPath(path)
    if lineCount == 0 {
      _ = edge_cli_remove(partial)
      throw CommandError(partial + ": cannot be written: " + Console.errorText(code))
    }
    throw CommandError(
      partial + ": cannot be written: " + Console.errorText(code) + "; it keeps "
        + String(lineCount) + " results: remove the cause and continue with --resume")
  }
}
