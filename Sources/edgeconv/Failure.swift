import ArgumentParser
import EdgeConvert
import Foundation

/// How commands end when something is wrong: everything that was found on stderr, exit code 2.
enum Failure {
  /// Runs a command's body and turns its errors into messages and exit codes.
  static func reported(_ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as ConversionError {
      FileHandle.standardError.write(Data((message(error) + "\n").utf8))
      throw ExitCode(2)
    }
  }

  private static func message(_ error: ConversionError) -> String {
    switch error {
    case .obstacles(let obstacles):
      let lines = obstacles.map {
        "  node '\($0.node)' (\($0.op), opset \($0.opset)): \($0.problem); \($0.remedy)"
      }
      return
        ([
          "edgeconv: \(obstacles.count) node\(obstacles.count == 1 ? " is" : "s are") not supported:"
        ] + lines)
        .joined(separator: "\n")
    case .invalid(let text): return "edgeconv: \(text)"
    case .usage(let text): return "edgeconv: \(text)"
    }
  }
}

/// Reports as JSON.
enum JSONText {
  /// Sorted keys, indented: equal reports give equal text.
  static func of(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
