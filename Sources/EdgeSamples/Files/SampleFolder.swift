import CEdgeHost

/// The samples in a folder, in a fixed order.
public struct SampleFolder: Sendable {
  /// One file and, where `labels.tsv` states it, its label.
  public struct Entry: Sendable {
    /// Path of the file, the folder included.
    public let path: String
    /// A class index or class name, see `Preprocessing.classIndex`; nil when not stated.
    public let label: String?
  }

  /// The samples: in the order of `labels.tsv`, else by name.
  public let entries: [Entry]
  /// Whether the folder has a `labels.tsv`.
  public let hasLabelFile: Bool

  /// Lists a folder, not the folders in it.
  ///
  /// With a `labels.tsv` (`path<TAB>label`, paths from the folder, further columns ignored, a
  /// heading line beginning `file` or `path` skipped) these are the samples, in its order; else all
  /// files of the given kinds, sorted by the bytes of their names, hidden ones left out.
  public init(_ path: String, of kinds: [SampleKind]) throws(SampleError) {
    let names = try Self.names(path)
    hasLabelFile = names.contains { Text.equal($0, "labels.tsv") }
    if hasLabelFile {
      entries = try Self.labelled(path, file: Self.join(path, "labels.tsv"))
    } else {
      entries = try Self.files(in: path, of: kinds).map { Entry(path: $0, label: nil) }
    }
    if entries.isEmpty { throw Self.noSamples(path, kinds) }
  }

  /// Paths of all files of the given kinds in a folder, not in the folders in it, sorted by the bytes
  /// of their names; hidden ones are left out.
  ///
  /// - Throws: an error when the folder cannot be listed or has no such file.
  public static func files(
    in path: String, of kinds: [SampleKind]
  ) throws(SampleError) -> [String] {
    let files = try names(path).filter { name in
      SampleKind(path: name).map { kind in kinds.contains { $0 == kind } } ?? false
    }
    if files.isEmpty { throw noSamples(path, kinds) }
    return files.map { join(path, $0) }
  }

  private static func noSamples(_ path: String, _ kinds: [SampleKind]) -> SampleError {
    let endings = kinds.reduce("") { $0 + " " + $1.endings }
    return SampleError(path + ": has no samples; files ending" + endings + " are read")
  }

  private static func join(_ folder: String, _ name: String) -> String {
    folder.utf8.last == 0x2F ? folder + name : folder + "/" + name
  }

  private static func names(_ path: String) throws(SampleError) -> [String] {
    var folder: OpaquePointer? = nil
    let code = edge_cli_folder_open(path, &folder)
    guard code == 0, let folder else {
      throw SampleError(
        path + ": cannot be listed: " + String(cString: edge_host_error_text(code))
          + ": check the path and its permissions")
    }
    defer { edge_cli_folder_close(folder) }
    var names: [String] = []
    for index in 0..<edge_cli_folder_count(folder) {
      names.append(String(cString: edge_cli_folder_name(folder, index)))
    }
    return names
  }

  private static func labelled(_ folder: String, file: String) throws(SampleError) -> [Entry] {
    let text = try withFileBytes(file) { (bytes) throws(SampleError) in bytes.copied }
    var entries: [Entry] = []
    for (index, line) in Text.lines(text).enumerated() where !line.isEmpty {
      let fields = Text.fields(line, separator: 0x09)
      guard fields.count >= 2, !fields[0].isEmpty, !fields[1].isEmpty else {
        throw SampleError(
          file + ", line " + String(index + 1)
            + ": is not `path<TAB>label`: put a tab between the two")
      }
      let isHeading = Text.equal(fields[0], "file") || Text.equal(fields[0], "path")
      if index == 0 && isHeading { continue }
      entries.append(
        Entry(path: join(folder, Text.string(fields[0])), label: Text.string(fields[1])))
    }
    return entries
  }
}
