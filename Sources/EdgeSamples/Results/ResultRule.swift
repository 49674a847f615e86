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

  init(_ metadata: MetadataReader) throws(SampleError) {
    switch try metadata.choice("output.kind", ["plain", "detections", "segments", "point-labels"]) {
    case 1: self = .detections(try DetectionRule(metadata))
    case 2: self = .segments(try SegmentRule(metadata))
    case 3: self = .pointLabels(try PointLabelRule(metadata))
    default: self = .plain
    }
  }
}
