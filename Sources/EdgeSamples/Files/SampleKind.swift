/// What a file holds, by its name's extension in any mix of case.
public enum SampleKind: Int, Sendable {
  /// Sound.
  case wave = 0
  /// A picture.
  case picture = 1
  /// A NumPy array.
  case array = 2
  /// NumPy arrays with names.
  case archive = 3
  /// Numbers as they are, or a cloud of points.
  case raw = 4
  /// Lines of text.
  case text = 5

  static let all: [SampleKind] = [.wave, .picture, .array, .archive, .raw, .text]

  /// The extensions, as messages show them.
  var endings: String {
    switch self {
    case .wave: ".wav"
    case .picture: ".jpg .jpeg .png"
    case .array: ".npy"
    case .archive: ".npz"
    case .raw: ".bin"
    case .text: ".txt .tsv"
    }
  }

  /// The kind of a path; nil for any other extension.
  public init?(path: String) {
    for kind in Self.all {
      for ending in Text.fields([UInt8](kind.endings.utf8), separator: 0x20)
      where Text.hasEnding(path, ending) {
        self = kind
        return
      }
    }
    return nil
  }
}
