import ArgumentParser
import EdgeConvert
import Foundation

/// `edgeconv explain`: what a conversion did, in the terminal.
struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Say what was done to a model, which layers are worst, and what deserves a look.",
    discussion: """
      A .edge file holds the decisions and the worst layers on calibration samples; a report that \
      `edgeconv convert --json` printed has accuracy, stability and commands too.
      """)

  @Argument(help: "A .edge file, or a report of convert --json.")
  var file: String

  @Option(help: "How many of the worst layers of a report to print.")
  var layers = 10

  func validate() throws {
    if layers < 0 { throw ValidationError("--layers must be 0 or more") }
  }

  func run() throws {
    try Failure.reported {
      if file.hasSuffix(".edge") {
        print(try Inspection(path: file).explanation)
      } else {
        print(try ConversionReport(path: file).explanation(layers: layers))
      }
    }
  }
}
