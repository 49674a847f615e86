import ArgumentParser
import EdgeConvert
import Foundation

/// `edgeconv verify`: the float model against the file, on data.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a .edge file with the float model it came from.")

  @Argument(help: "The ONNX model.")
  var model: String

  @Argument(help: "The .edge file.")
  var file: String

  @Option(help: "Folder of samples, as for convert.")
  var data: String

  @Option(help: "Compare at most so many samples, drawn by --seed.")
  var samples: Int?

  @Option(help: "Seed of the choice of samples.")
  var seed: UInt64 = 1

  @Option(help: "How many of the worst layers to print.")
  var layers = 10

  @Flag(help: "Print the comparison as JSON.")
  var json = false

  func run() throws {
    try Failure.reported {
      let verification = Verification(
        source: model, file: file, data: data, samples: samples, seed: seed)
      let result = try ProgressBar.following { try verification.run(progress: $0) }
      print(json ? try JSONText.of(result) : result.summary(layers: layers))
    }
  }
}
