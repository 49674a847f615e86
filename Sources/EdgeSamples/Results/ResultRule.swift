/// What a model's outputs mean: the key `output.kind` and those it brings.
public enum ResultRule: Sendable {
  /// Scores of classes when the only output is `[1, C]`; else a summary of every output.
  case plain
  /// Objects in a picture.
  case detections(DetectionRule)

  init(_ metadata: MetadataReader) throws(SampleError) {
    switch try metadata.choice("output.kind", ["plain", "detections"]) {
    case 1: self = .detections(try DetectionRule(metadata))
    default: self = .plain
    }
  }
}
