import ArgumentParser
import EdgeConvert

/// `edgeconv inspect`: what a `.edge` file holds.
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a .edge file holds: interface, plan, memory, metadata, digest.")

  @Argument(help: "The .edge file.")
  var file: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    try Failure.reported {
      let inspection = try Inspection(path: file)
      print(json ? try JSONText.of(inspection) : inspection.text)
      if !inspection.digestMatches { throw ExitCode(1) }
    }
  }
}
