import ArgumentParser
import EdgeConvert

/// `edgeconv check`: every obstacle of a model at once.
struct CheckModel: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "List everything in an ONNX model that is not supported, or say that it is ready.",
    discussion: "Exit code 0 when the model is ready for conversion, 2 when it is not.")

  @Argument(help: "The ONNX model.")
  var model: String

  @Option(help: ArgumentHelp("Largest value of a run-time size.", valueName: "name=n,..."))
  var bound: [String] = []

  @Option(
    name: .customLong("input"),
    help: ArgumentHelp(
      "An input of one number that always has this value.", valueName: "name=value,..."))
  var fixedInput: [String] = []

  @Option(
    name: .customLong("size"),
    help: ArgumentHelp("A run-time size that always has this value.", valueName: "name=n,..."))
  var fixedSize: [String] = []

  @Option(
    help: ArgumentHelp("Pairs that the session keeps, as for convert.", valueName: "in=out,..."))
  var state: [String] = []

  @Flag(help: "Print JSON.")
  var json = false

  /// The result as JSON.
  struct Verdict: Encodable {
    var model: String
    var ready: Bool
    var obstacles: [Finding]
    var notes: [String]
  }

  /// One obstacle as JSON.
  struct Finding: Encodable {
    var node: String
    var op: String
    var opset: Int
    var problem: String
    var remedy: String
  }

  func run() throws {
    try Failure.reported {
      let fixed = try FixedInterface(inputs: fixedInput, sizes: fixedSize)
      let check = try Check(
        Import.read(model, fixed: fixed), bounds: Bounds.parsed(bound),
        states: StateBinding(state))
      if json {
        let findings = check.obstacles.map {
          Finding(node: $0.node, op: $0.op, opset: $0.opset, problem: $0.problem, remedy: $0.remedy)
        }
        print(
          try JSONText.of(
            Verdict(model: model, ready: check.isReady, obstacles: findings, notes: check.notes)))
      } else if check.isReady {
        print("\(model): ready (\(check.graph.nodes.count) nodes)")
        for note in check.notes { print("  \(note)") }
      }
      if check.isReady { return }
      if json { throw ExitCode(2) }
      throw ConversionError.obstacles(check.obstacles)
    }
  }
}
