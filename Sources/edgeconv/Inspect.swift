import ArgumentParser
import EdgeConvert

/// `edgeconv inspect`: what a `.edge` file or an ONNX model holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Show what a .edge file holds (interface, plan, memory, metadata, digest) or an ONNX model.")

  @Argument(help: "A .edge file or an ONNX model.")
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try Failure.reported {
      if file.hasSuffix(".onnx") {
        let summary = try ModelSummary(Import.read(file))
        print(json ? try JSONText.of(summary) : summary.text)
        return
      }
      let inspection = try Inspection(path: file)
      print(json ? try JSONText.of(inspection) : inspection.text)
      if !inspection.digestMatches { throw ExitCode(1) }
    }
  }
}
