/// From the scores of a sound's frames to stretches of time: the keys `segments.*`.
public struct SegmentRule: Sendable {
  /// The output that holds the score; empty: the model's first.
  let output: [String]
  /// Which of its values is the score.
  let index: Int
  /// A frame belongs to a segment when its score is above.
  let threshold: Double
  /// Seconds: a shorter pause does not end a segment; a shorter segment is left out.
  let gap, least: Double

  init(_ metadata: MetadataReader) throws(SampleError) {
    output = metadata.words("segments.output")
    index = Int(try metadata.number("segments.index", default: 0, in: 0...1e6))
    threshold = try metadata.number("segments.threshold", default: 0.5, in: -1e9...1e9)
    gap = try metadata.number("segments.gap", default: 0, in: 0...1e6)
    least = try metadata.number("segments.least", default: 0, in: 0...1e6)
  }

  /// The score in a frame's outputs.
  public func score(_ outputs: [ModelOutput]) throws(SampleError) -> Double {
    let chosen = try outputs.named(output, by: "segments.output")
    guard let values = chosen.first?.values, index < values.count else {
      throw SampleError(
        "the model's metadata 'segments.index' is above its number of scores: convert the model "
          + "again with a right `edgeconv convert --preprocess FILE.json`")
    }
    return Double(values[index])
  }
}

/// A stretch of time, in seconds from the beginning of the sound.
public struct Segment: Sendable {
  /// When it begins and ends.
  public let start, end: Double
}

/// Gathers segments while a sound goes by.
public struct SegmentFinder: Sendable {
  private let rule: SegmentRule
  private var done: [Segment] = []
  private var open: Segment?

  /// A finder before the first frame.
  public init(_ rule: SegmentRule) {
    self.rule = rule
  }

  /// Takes the score of the next frame.
  public mutating func add(start: Double, end: Double, score: Double) {
    guard score > rule.threshold else { return }
    if let last = open, start - last.end <= rule.gap {
      open = Segment(start: last.start, end: end)
    } else {
      close()
      open = Segment(start: start, end: end)
    }
  }

  /// The segments of the frames so far.
  public var segments: [Segment] {
    var copy = self
    copy.close()
    return copy.done
  }

  private mutating func close() {
    if let open, open.end - open.start >= rule.least { done.append(open) }
    open = nil
  }
}
