/// The kinds of files that give samples, by their extension; upper and lower case are equal.
public enum SampleKind: Int, Sendable {
  /// `.wav`
  case wave = 0
  /// `.jpg`, `.jpeg`, `.png`
  case picture = 1
  /// `.npy`
  case array = 2
  /// `.npz`
  case archive = 3
  /// `.bin`
  case raw = 4

  /// The kind of a path; nil for any other extension.
  public init?(path: String) {
    if Text.hasEnding(path, ".wav") {
      self = .wave
    } else if Text.hasEnding(path, ".jpg") || Text.hasEnding(path, ".jpeg")
      || Text.hasEnding(path, ".png")
    {
      self = .picture
    } else if Text.hasEnding(path, ".npy") {
      self = .array
    } else if Text.hasEnding(path, ".npz") {
      self = .archive
    } else if Text.hasEnding(path, ".bin") {
      self = .raw
    } else {
      return nil
    }
  }
}
