import CEdgeHost
import EdgeSamples

/// How far an earlier run came, read from its results file.
struct ResumePoint {
  /// Inputs that have their last line.
  var inputCount = 0
  /// Inputs among them whose line is an error.
  var failureCount = 0
  /// Bytes of their lines; a line cut off in the middle lies behind them.
  var byteCount = 0
  /// Whether the file with its final name exists.
  var isComplete = false

  /// Reads `OUT.partial`, or `OUT` when only that is there.
  ///
  /// - Throws: an error when the lines are not those of these inputs in this order, by this model.
  static func read(
    _ output: String, _ inputs: [Input], _ form: ResultLine
  ) throws(CommandError) -> ResumePoint {
    var point = ResumePoint()
    var path = ResultFile.partialPath(output)
    var code: Int32 = 0
    if edge_cli_kind(path, &code) == EDGE_CLI_MISSING {
      guard edge_cli_kind(output, &code) == EDGE_CLI_FILE else { return point }
      path = output
      point.isComplete = true
    }
    let bytes: [UInt8]
    do throws(SampleError) {
      bytes = try readBytes(path)
    } catch {
      throw CommandError(error.message)
    }
    var start = 0
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      let line = bytes[start..<end]
      start = end + 1
      guard point.inputCount < inputs.count else { throw foreign(path) }
      let head = [UInt8](ResultLine.head(inputs[point.inputCount].source).utf8)
      guard line.starts(with: head) else { throw foreign(path) }
      // An input has come to its end with its last line only.
      if line.dropFirst(head.count).starts(with: ResultLine.frameKey.utf8) { continue }
      guard line.suffix(form.end.utf8.count).elementsEqual(form.end.utf8) else {
        throw CommandError(
          path + ": holds results of another model: remove the file, or name another after -o")
      }
      let isFailure = line.dropFirst(head.count).starts(with: ResultLine.errorKey.utf8)
      point.failureCount += isFailure ? 1 : 0
      point.inputCount += 1
      point.byteCount = start
    }
    if point.isComplete && point.inputCount != inputs.count { throw foreign(path) }
    return point
  }

  private static func foreign(_ path: String) -> CommandError {
    CommandError(
      path
        + ": holds results of other inputs: give the same inputs in the same order, or remove the "
        + "file, or name another after -o")
  }
}
