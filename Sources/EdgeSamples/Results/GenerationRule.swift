/// How a text is continued token by token: the keys `generation.*`.
public struct GenerationRule: Sendable {
  /// The output `[..., T, V]` with a score for every token of the vocabulary; empty: the first.
  let output: [String]
  /// Tokens that end a text and are not part of it.
  public let stops: [Int]
  /// The most tokens of a text, its beginning included; nil: as many as one run takes.
  public let context: Int?

  init(_ metadata: MetadataReader) throws(SampleError) {
    output = metadata.words("generation.output")
    stops = try metadata.numbers("generation.stop", default: []).map { Int($0) }
    context = try metadata.integer("generation.context")
  }

  /// The likeliest token after the `count` tokens of a run, the first of equal ones.
  public func next(_ outputs: [ModelOutput], after count: Int) throws(SampleError) -> Int {
    let chosen = try outputs.named(output, by: "generation.output")
    guard let scores = chosen.first, let width = scores.shape.last, width > 0,
      scores.values.count == count * width
    else {
      throw SampleError(
        "the model's scores of tokens are not [T, V]: convert the model again with the right "
          + "'generation.output' in `edgeconv convert --preprocess FILE.json`")
    }
    return scores.greatest(at: (count - 1) * width, count: width).index
  }
}
