import ArgumentParser

@main
struct EdgeConv: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edgeconv",
    abstract: "Turns ONNX models into .edge files for embedded inference.",
    subcommands: [
      CheckModel.self, Convert.self, Explain.self, Inspect.self, Verify.self, Operators.self,
      Reference.self,
    ])
}
