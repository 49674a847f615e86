import EdgeSamples
import Foundation

/// Preprocessing as `--preprocess FILE.json` states it, in the form in which the `.edge` file carries it.
public struct PreprocessingFile: Sendable {
  /// Metadata keys and their text; lists become "a,b,c", lists of lists "a,b;c,d", labels lines.
  public private(set) var metadata: [String: String] = [:]
  public let preprocessing: Preprocessing

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
      guard MetadataKey.all.contains(key) else {
        throw ConversionError.usage(
          "\(path): unknown key '\(key)'; known are \(MetadataKey.all.joined(separator: ", "))")
      }
      guard let text = text(of: value, separators: key == "labels" ? ["\n"] : [",", ";"]) else {
        throw ConversionError.usage(
          "\(path): '\(key)' must be a text, a number, or a list of these or of such lists")
      }
      let isFile = MetadataKey.files.contains(key)
      metadata[key] = isFile ? try self.text(sibling(text, of: path)) : text
    }
    return metadata
  }

  /// The path that a file names: from the folder it is in, unless it is absolute.
  private static func sibling(_ name: String, of path: String) -> String {
    URL(fileURLWithPath: name, relativeTo: URL(fileURLWithPath: path)).path
  }

  /// A value as text; the lists in a list are joined by the first separator, the list by the next.
  private static func text(of value: Any, separators: [String]) -> String? {
    switch value {
    case let text as String: return text
    case let number as NSNumber: return number.stringValue
    case let list as [Any]:
      let isNested = list.contains { $0 is [Any] }
      guard let separator = isNested ? separators.last : separators.first else { return nil }
      let parts = list.compactMap {
        text(of: $0, separators: isNested ? separators.dropLast() : [])
      }
      return parts.count == list.count ? parts.joined(separator: separator) : nil
    default: return nil
    }
  }
}
