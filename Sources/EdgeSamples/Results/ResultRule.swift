/// What a model's outputs mean: the key `output.kind` and those it brings.
public enum ResultRule: Sendable {
  /// Scores of classes when the only output is `[1, C]`; else a summary of every output.
  case plain
  /// Objects in a picture.
  case detections(DetectionRule)
  /// Stretches of a sound.
  case segments(SegmentRule)
  /// A class for every point of a cloud.
  case pointLabels(PointLabelRule)
  /// A vector that stands for the input.
  case embedding(EmbeddingRule)
  /// The text that follows.
  case generation(GenerationRule)

  init(_ metadata: MetadataReader) throws(SampleError) {
    let kinds: [StaticString] = [
      "plain", "detections", "segments", "point-labels", "embedding", "generation",
    ]
    switch try metadata.choice("output.kind", kinds) {
    case 1: self = .detections(try DetectionRule(metadata))
    case 2: self = .segments(try SegmentRule(metadata))
    case 3: self = .pointLabels(try PointLabelRule(metadata))
    case 4: self = .embedding(EmbeddingRule(metadata))
    case 5: self = .generation(try GenerationRule(metadata))
    default: self = .plain
    }
  }
}
