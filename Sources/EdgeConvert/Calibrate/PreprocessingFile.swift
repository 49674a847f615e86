import EdgeSamples
import Foundation

/// Preprocessing as `--preprocess FILE.json` states it, in the form in which the `.edge` file carries it.
public struct PreprocessingFile: Sendable {
  /// Metadata keys and their text; numbers and lists of numbers become "a,b,c".
  public private(set) var metadata: [String: String] = [:]
  public let preprocessing: Preprocessing

  private static let keys: Set<String> = [
    "input.kind", "image.layout", "image.color", "image.mean", "image.std", "image.resize",
    "audio.rate",
    "audio.length", "labels",
  ]

  /// Reads the file and the labels.
  /// - Parameters:
  ///   - path: a JSON object of the keys of `EdgeSamples.Preprocessing`; nil: inputs are tensors.
  ///   - labels: a file with one class name a line.
  /// - Throws: `ConversionError.usage` naming file, key and what is wrong.
  public init(path: String?, labels: String?) throws {
    if let path { metadata = try PreprocessingFile.read(path) }
    if let labels {
      let lines = try PreprocessingFile.text(labels).split(whereSeparator: \.isNewline)
      metadata["labels"] = lines.map { $0.trimmingCharacters(in: .whitespaces) }.joined(
        separator: "\n")
    }
    do throws(SampleError) {
      let metadata = metadata
      preprocessing = try Preprocessing { metadata[$0] }
    } catch {
      throw ConversionError.usage("\(path ?? labels ?? ""): \(error.message)")
    }
  }

  private static func text(_ path: String) throws -> String {
    do {
      return try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
    } catch {
      throw ConversionError.usage("\(path): cannot be read: \(error.localizedDescription)")
    }
  }

  private static func read(_ path: String) throws -> [String: String] {
    let data = Data(try text(path).utf8)
    guard let object = (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] else {
      throw ConversionError.usage(
        "\(path): is not a JSON object; write for example {\"input.kind\": \"image\", \"image.color\": \"rgb\"}"
      )
    }
    var metadata: [String: String] = [:]
    for (key, value) in object {
      guard keys.contains(key) else {
        throw ConversionError.usage(
          "\(path): unknown key '\(key)'; known are \(keys.sorted().joined(separator: ", "))")
      }
      guard let text = text(of: value, separator: key == "labels" ? "\n" : ",") else {
        throw ConversionError.usage("\(path): '\(key)' must be a text, a number or a list of these")
      }
      metadata[key] = text
    }
    return metadata
  }

  private static func text(of value: Any, separator: String) -> String? {
    switch value {
    case let text as String: return text
    case let number as NSNumber: return number.stringValue
    case let list as [Any]:
      let parts = list.compactMap { text(of: $0, separator: separator) }
      return parts.count == list.count ? parts.joined(separator: separator) : nil
    default: return nil
    }
  }
}
