import CEdgeHost

/// Where one sample comes from: a file, or a line of a text.
public struct SampleSource: Sendable {
  /// Path of the file; empty for a text that is in none.
  public let path: String
  /// The line, from 1, of a text file; nil for a whole file.
  public let line: Int?
  /// The text; nil for a file that is no text.
  public let text: String?
  /// A class index or class name, see `Preprocessing.classIndex`; nil when not stated.
  public let label: String?

  /// A whole file.
  public init(path: String, label: String? = nil) {
    self.path = path
    line = nil
    text = nil
    self.label = label
  }

  /// A text that is in no file.
  public init(text: String) {
    path = ""
    line = nil
    self.text = text
    label = nil
  }

  private init(path: String, line: Int, fields: [[UInt8]]) {
    self.path = path
    self.line = line
    text = Text.string(fields[0])
    label = fields.count > 1 ? Text.string(fields[1]) : nil
  }

  /// What messages call it: the path, and the line of a text.
  public var name: String { path + (line.map { ", line " + String($0) } ?? "") }

  /// The lines of a text file, empty ones left out; what follows a tab is the line's label.
  ///
  /// - Throws: an error when the file cannot be read or has no text.
  static func lines(of path: String) throws(SampleError) -> [SampleSource] {
    var sources: [SampleSource] = []
    for (index, line) in Text.lines(try readBytes(path)).enumerated() {
      let fields = Text.fields(line, separator: 0x09)
      if !fields[0].isEmpty {
        sources.append(SampleSource(path: path, line: index + 1, fields: fields))
      }
    }
    if sources.isEmpty { throw SampleError(path + ": has no text: write one sentence a line") }
    return sources
  }
}

extension SampleReader {
  /// The samples of a folder, see `SampleFolder`, or of a file: the lines of a text, else one.
  ///
  /// - Throws: an error when a folder or a text cannot be read or has no samples.
  public func sources(_ path: String) throws(SampleError) -> [SampleSource] {
    var code: Int32 = 0
    switch edge_cli_kind(path, &code) {
    case EDGE_CLI_FOLDER: break
    case EDGE_CLI_MISSING: throw SampleError(path + ": does not exist, or cannot be read")
    default: return try sources(SampleFolder.Entry(path: path, label: nil))
    }
    var sources: [SampleSource] = []
    for entry in try SampleFolder(path, of: preprocessing.kinds).entries {
      sources += try self.sources(entry)
    }
    return sources
  }

  private func sources(_ entry: SampleFolder.Entry) throws(SampleError) -> [SampleSource] {
    if case .text = preprocessing.kind, case .text? = SampleKind(path: entry.path) {
      return try SampleSource.lines(of: entry.path)
    }
    return [SampleSource(path: entry.path, label: entry.label)]
  }

  /// Reads one sample and prepares it for the model.
  public func read(_ source: SampleSource) throws(SampleError) -> Sample {
    guard let text = source.text else { return try read(source.path) }
    guard case .text(let rule) = preprocessing.kind else {
      throw SampleError("the model takes no text: give it files")
    }
    let tokens = rule.tokens(text, limit: try rule.limit(inputs))
    return Sample(tensors: try rule.tensors(tokens, for: inputs))
  }
}
