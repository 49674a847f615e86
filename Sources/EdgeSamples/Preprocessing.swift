import CEdgeHost

/// What a model's metadata says of its inputs and classes.
///
/// Keys: `input.kind` (image, audio, tensor); `image.layout` (nchw, nhwc), `image.color` (rgb, bgr,
/// gray), `image.mean` and `image.std` ("a,b,c" on the scale of 0...255), `image.resize` (stretch,
/// none); `audio.rate`, `audio.length` (pad, strict); `labels` (class names, one a line).
public struct Preprocessing: Sendable {
  /// What the model's input is made from.
  public enum Kind: Sendable {
    /// Arrays as they are; the default.
    case tensor
    /// Pictures.
    case image(ImagePreprocessing)
    /// Sound.
    case audio(AudioPreprocessing)
  }

  /// What the model's input is made from.
  public let kind: Kind
  /// Class names in the order of the model's scores; empty when not stated.
  public let labels: [String]

  /// Creates rules from their parts.
  public init(kind: Kind, labels: [String] = []) {
    self.kind = kind
    self.labels = labels
  }

  /// Reads the rules from metadata; `value` gives the text of a key, or nil.
  ///
  /// - Throws: an error naming the key whose text has no meaning.
  public init(metadata value: @escaping (String) -> String?) throws(SampleError) {
    let reader = MetadataReader(value: value)
    labels = reader.lines("labels")
    switch try reader.choice("input.kind", ["tensor", "image", "audio"]) {
    case 1:
      let layout = try reader.choice("image.layout", ["nchw", "nhwc"])
      let color = try reader.choice("image.color", ["rgb", "bgr", "gray"])
      kind = .image(
        ImagePreprocessing(
          layout: layout.flatMap { ImagePreprocessing.Layout(rawValue: $0) },
          color: color.flatMap { ImagePreprocessing.Color(rawValue: $0) },
          mean: try reader.numbers("image.mean", default: 0),
          std: try reader.numbers("image.std", default: 1),
          resize: try reader.choice("image.resize", ["stretch", "none"]) == 1 ? .none : .stretch))
    case 2:
      kind = .audio(
        AudioPreprocessing(
          rate: try reader.integer("audio.rate"),
          length: try reader.choice("audio.length", ["pad", "strict"]) == 1 ? .strict : .pad))
    default:
      kind = .tensor
    }
  }

  /// The class that a label of `labels.tsv` means: a decimal index, or a class name; nil when it is
  /// neither.
  public func classIndex(_ label: String) -> Int? {
    for (index, name) in labels.enumerated() where Text.equal(name, label) { return index }
    return Text.integer([UInt8](label.utf8))
  }
}

/// Typed access to metadata strings.
private struct MetadataReader {
  let value: (String) -> String?

  func lines(_ key: String) -> [String] {
    guard let text = value(key) else { return [] }
    return Text.lines([UInt8](text.utf8)).map { Text.string($0) }
  }

  func choice(_ key: String, _ words: [StaticString]) throws(SampleError) -> Int? {
    guard let text = value(key) else { return nil }
    let bytes = [UInt8](text.utf8)
    for (index, word) in words.enumerated() where Text.equal(bytes, word) { return index }
    throw meaningless(key, text)
  }

  func integer(_ key: String) throws(SampleError) -> Int? {
    guard let text = value(key) else { return nil }
    guard let number = Text.integer([UInt8](text.utf8)), number > 0 else {
      throw meaningless(key, text)
    }
    return number
  }

  func numbers(_ key: String, default missing: Float) throws(SampleError) -> [Float] {
    guard let text = value(key) else { return [missing] }
    var numbers: [Float] = []
    for field in Text.fields([UInt8](text.utf8), separator: 0x2C) {
      var number = 0.0
      guard edge_cli_parse_number(Text.string(field), &number) == 1, missing == 0 || number != 0
      else { throw meaningless(key, text) }
      numbers.append(Float(number))
    }
    return numbers
  }

  private func meaningless(_ key: String, _ text: String) -> SampleError {
    SampleError(
      "the model's metadata '" + key + "' is '" + text
        + "', which has no meaning here: convert the model again with a right `edgeconv convert "
        + "--preprocess FILE.json`")
  }
}
