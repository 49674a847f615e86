/// The metadata keys of preprocessing and results; docs/pipelines.md says what each means.
public enum MetadataKey {
  /// All keys, in the order in which they are shown.
  public static let all: [String] = [
    "input.kind",
    "image.layout", "image.color", "image.mean", "image.std", "image.resize", "image.shorter",
    "image.fill",
    "audio.rate", "audio.resample", "audio.length", "audio.normalize", "audio.features",
    "mel.window", "mel.hop", "mel.fft", "mel.bands", "mel.low", "mel.high", "mel.floor",
    "stream.frame", "stream.context",
    "points.form", "points.columns",
    "range.up", "range.down", "range.mean", "range.std",
    "pillars.low", "pillars.high", "pillars.cell", "pillars.std",
    "text.tokenizer", "text.vocabulary", "text.case", "text.ids", "text.mask", "text.types",
    "text.position",
    "output.kind",
    "detections.decoder", "detections.outputs", "detections.score", "detections.iou",
    "detections.strides", "detections.sizes", "detections.variances",
    "segments.output", "segments.index", "segments.threshold", "segments.gap", "segments.least",
    "point-labels.output", "point-labels.ignore", "point-labels.ids",
    "embedding.output",
    "generation.output", "generation.stop", "generation.context",
    "labels",
  ]

  /// Keys under which `edgeconv convert --preprocess FILE.json` names a file, whose text the model
  /// carries.
  public static let files = ["text.vocabulary"]
}
