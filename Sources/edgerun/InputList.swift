import CEdgeHost
import EdgeSamples

/// One input: a file, a line of a text, or an argument that gives none.
struct Input {
  let source: SampleSource
  /// Why it cannot be run; nil for an input to be read.
  let problem: String?
}

/// The inputs in the order of the command line, folders replaced by their files, and for a model of
/// texts these by their lines.
enum InputList {
  static func expand(_ options: Options, _ reader: SampleReader) -> [Input] {
    var inputs: [Input] = []
    for argument in options.inputs {
      var code: Int32 = 0
      var files = [argument]
      do throws(SampleError) {
        switch edge_cli_kind(argument, &code) {
        case EDGE_CLI_MISSING:
          throw SampleError(
            argument + ": cannot be read: " + Console.errorText(code) + ": check the path")
        case EDGE_CLI_FOLDER:
          files = try SampleFolder.files(in: argument, of: reader.preprocessing.kinds)
        default: break
        }
      } catch {
        inputs.append(Input(source: SampleSource(path: argument), problem: error.message))
        continue
      }
      for file in files { inputs += Self.inputs(of: file, reader) }
    }
    if let prompt = options.prompt {
      inputs.append(Input(source: SampleSource(text: prompt), problem: nil))
    }
    return inputs
  }

  private static func inputs(of file: String, _ reader: SampleReader) -> [Input] {
    do throws(SampleError) {
      return try reader.sources(file).map { Input(source: $0, problem: nil) }
    } catch {
      return [Input(source: SampleSource(path: file), problem: error.message)]
    }
  }
}
