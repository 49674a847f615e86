import CEdgeHost
import EdgeSamples

/// The labels of a cloud's points as a file beside the results.
enum LabelFile {
  /// Writes `FOLDER/NAME.label` for the input `NAME.bin`; it has its name only when it is complete.
  static func write(_ bytes: [UInt8], for input: String, in folder: String) throws(SampleError) {
    let path = folder + "/" + Text.fileStem(input) + ".label"
    let partial = ResultFile.partialPath(path)
    var file: Int32 = 0
    var code = edge_cli_open_output(partial, 0, &file)
    if code == 0 {
      code = bytes.withUnsafeBytes { edge_cli_write(file, $0.baseAddress, $0.count) }
      let closed = edge_cli_close(file)
      code = code == 0 ? closed : code
      if code == 0 { code = edge_cli_rename(partial, path) }
      if code != 0 { _ = edge_cli_remove(partial) }
    }
    if code != 0 {
      throw SampleError(
        path + ": cannot be written: " + Console.errorText(code) + ": give --point-labels a folder "
          + "that is there")
    }
  }
}
