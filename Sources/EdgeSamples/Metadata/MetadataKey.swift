/// The metadata keys of preprocessing and results; docs/pipelines.md says what each means.
public enum MetadataKey {
  /// All keys, in the order in which they are shown.
  public static let all: [String] = [
    "input.kind",
    "image.layout", "image.color", "image.mean", "image.std", "image.resize", "image.shorter",
    "image.fill",
    "audio.rate", "audio.length",
    "output.kind",
    "detections.decoder", "detections.outputs", "detections.score", "detections.iou",
    "detections.strides", "detections.sizes", "detections.variances",
    "labels",
  ]
}
