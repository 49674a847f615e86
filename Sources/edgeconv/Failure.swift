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

/// Values of `--bound`.
enum Bounds {
  /// Reads `NAME=64` and `A=1,B=2`.
  static func parsed(_ texts: [String]) throws -> [String: Int] {
    var bounds: [String: Int] = [:]
    for text in texts.flatMap({ $0.split(separator: ",") }) {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let size = Int(parts[1]), size > 0 else {
        throw ConversionError.usage("--bound \(text): write NAME=N with N of 1 or more")
      }
      bounds[String(parts[0])] = size
    }
    return bounds
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
