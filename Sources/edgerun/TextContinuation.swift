import EdgeSamples

/// Continues a text by the likeliest token, again and again.
struct TextContinuation {
  private let text: TextPreprocessing
  private let rule: GenerationRule
  /// The most tokens that one run takes: 1 for a model that keeps what it has read as state.
  private let limit: Int

  /// How much was read and written, and what.
  struct Outcome {
    let continuation: String
    let tokenCount: Int
    let report: Report
  }

  init(_ text: TextPreprocessing, _ rule: GenerationRule, _ inputs: [InputDescription])
    throws(SampleError)
  {
    self.text = text
    self.rule = rule
    limit = try text.limit(inputs)
  }

  /// Adds at most `count` tokens to a beginning; fewer at a token that ends texts, or when the
  /// context is full.
  func continued(
    _ beginning: String, by count: Int, _ engine: borrowing Engine
  ) throws(SampleError) -> Outcome {
    let context = rule.context ?? (limit > 1 ? limit : Int.max)
    var tokens = text.tokens(beginning, limit: context)
    let first = tokens.count
    var nanoseconds: UInt64 = 0
    var position = 0
    while tokens.count < context, tokens.count - first < count {
      let isStepwise = limit == 1
      if !isStepwise { engine.reset() }
      let read = isStepwise ? [tokens[position]] : tokens
      let inputs = try text.tensors(read, first: position, for: engine.inputs)
      nanoseconds += try engine.run(inputs).nanoseconds
      position += isStepwise ? 1 : 0
      if isStepwise && position < tokens.count { continue }
      let next = try rule.next(engine.results(), after: read.count)
      if rule.stops.contains(next) { break }
      tokens.append(next)
    }
    let written = tokens[first...]
    return Outcome(
      continuation: String(decoding: written.flatMap { text.bytes(of: $0) }, as: UTF8.self),
      tokenCount: written.count, report: Report(nanoseconds: nanoseconds))
  }
}
