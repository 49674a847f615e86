import ArgumentParser
import EdgeConvert

/// `edgeconv operators`: what can be converted.
struct Operators: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the ONNX operators that can be converted, as Markdown (docs/operators.md).")

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let catalogue = Catalogue()
    print(json ? try JSONText.of(catalogue) : catalogue.markdown, terminator: json ? "\n" : "")
  }
}
