/// What a model's metadata says of its inputs, outputs and classes; `MetadataKey` lists the keys.
public struct Preprocessing: Sendable {
  /// What the model's input is made from.
  public enum Kind: Sendable {
    /// Arrays as they are; the default.
    case tensor
    /// Pictures.
    case image(ImagePreprocessing)
    /// Sound.
    case audio(AudioPreprocessing)
    /// Clouds of points.
    case points(PointPreprocessing)
    /// Text.
    case text(TextPreprocessing)
  }

  /// What the model's input is made from.
  public let kind: Kind
  /// What the model's outputs mean.
  public let results: ResultRule
  /// Class names in the order of the model's scores; empty when not stated.
  public let labels: [String]

  /// Creates rules from their parts.
  public init(kind: Kind, results: ResultRule = .plain, labels: [String] = []) {
    self.kind = kind
    self.results = results
    self.labels = labels
  }

  /// Reads the rules from metadata; `value` gives the text of a key, or nil.
  ///
  /// - Throws: an error naming the key whose text has no meaning.
  public init(metadata value: @escaping (String) -> String?) throws(SampleError) {
    let metadata = MetadataReader(value: value)
    labels = metadata.lines("labels")
    results = try ResultRule(metadata)
    switch try metadata.choice("input.kind", ["tensor", "image", "audio", "points", "text"]) {
    case 1: kind = .image(try ImagePreprocessing(metadata))
    case 2: kind = .audio(try AudioPreprocessing(metadata))
    case 3: kind = .points(try PointPreprocessing(metadata))
    case 4: kind = .text(try TextPreprocessing(metadata))
    default: kind = .tensor
    }
  }

  /// The files that can be samples.
  public var kinds: [SampleKind] {
    SampleKind.all.filter { kind in
      switch (kind, self.kind) {
      case (.array, _), (.archive, _), (.text, .text): true
      case (.text, _), (_, .text): false
      default: true
      }
    }
  }

  /// The same rules, but sounds of another rate are taken and their rate is changed.
  public var resampling: Preprocessing {
    guard case .audio(var rule) = kind else { return self }
    rule.resampling = .sinc
    return Preprocessing(kind: .audio(rule), results: results, labels: labels)
  }

  /// The class that a label of `labels.tsv` means: a decimal index, or a class name; nil when it is
  /// neither.
  public func classIndex(_ label: String) -> Int? {
    for (index, name) in labels.enumerated() where Text.equal(name, label) { return index }
    return Text.integer([UInt8](label.utf8))
  }
}
