import CEdgeHost
import EdgeSamples

/// One input: a file, or an argument that gives none.
struct Input {
  /// The path as results show it.
  let path: String
  /// Why it cannot be run; nil for a file to be read.
  let problem: String?
}

/// The inputs in the order of the command line, folders replaced by their files.
enum InputList {
  static func expand(_ arguments: [String]) -> [Input] {
    var inputs: [Input] = []
    for argument in arguments {
      var code: Int32 = 0
      let kind = edge_cli_kind(argument, &code)
      guard kind == EDGE_CLI_FOLDER else {
        let problem =
          kind == EDGE_CLI_MISSING
          ? argument + ": cannot be read: " + Console.errorText(code) + ": check the path" : nil
        inputs.append(Input(path: argument, problem: problem))
        continue
      }
      do throws(SampleError) {
        inputs += try SampleFolder.files(in: argument).map { Input(path: $0, problem: nil) }
      } catch {
        inputs.append(Input(path: argument, problem: error.message))
      }
    }
    return inputs
  }
}
