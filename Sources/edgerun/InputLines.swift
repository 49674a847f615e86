import EdgeSamples

/// The result lines of one input, one after the other: one, or one a frame and a last one.
struct InputLines {
  private enum Stage {
    case unread
    case frames(FrameStream)
    case ended
  }

  private let input: Input
  private let reader: SampleReader
  private let options: Options
  private let form: ResultLine
  private let reference: [Float]?
  private var stage = Stage.unread
  private var frameIndex = 0
  private var nanoseconds: UInt64 = 0
  private var segments: SegmentFinder?

  /// The lines of an input; `reference` is the vector to which results say their similarity.
  init(
    _ input: Input, _ reader: SampleReader, _ options: Options, _ form: ResultLine,
    reference: [Float]?
  ) {
    self.input = input
    self.reader = reader
    self.options = options
    self.form = form
    self.reference = reference
    if case .segments(let rule) = reader.preprocessing.results { segments = SegmentFinder(rule) }
  }

  /// Runs until there is another line; nil after the last one.
  mutating func next(_ engine: borrowing Engine) throws(SampleError) -> String? {
    switch stage {
    case .unread:
      if let problem = input.problem { throw SampleError(problem) }
      engine.reset()
      if let frames = try reader.stream(input.source) {
        stage = .frames(frames)
        return try next(engine)
      }
      stage = .ended
      if case .generation(let rule) = reader.preprocessing.results {
        return try continuationLine(engine, rule)
      }
      return try sampleLine(engine)
    case .frames(let frames):
      if frameIndex < frames.count { return try frameLine(frames, engine) }
      stage = .ended
      let body = ResultLine.stream(frames, segments: segments?.segments)
      return form.success(input.source, body, Report(nanoseconds: nanoseconds), options)
    case .ended:
      return nil
    }
  }

  private func sampleLine(_ engine: borrowing Engine) throws(SampleError) -> String {
    let sample = try reader.read(input.source)
    let report = try engine.run(sample.tensors, options.limits)
    let body = try body(engine, sample, engine.results())
    return form.success(input.source, body, report, options)
  }

  private mutating func frameLine(
    _ frames: FrameStream, _ engine: borrowing Engine
  ) throws(SampleError) -> String {
    let frame = frames[frameIndex]
    let sample = Sample(tensors: [frame.tensor])
    let report = try engine.run(sample.tensors, options.limits)
    let outputs = try engine.results()
    if case .segments(let rule) = reader.preprocessing.results {
      segments?.add(start: frame.start, end: frame.end, score: try rule.score(outputs))
    }
    nanoseconds += report.nanoseconds
    defer { frameIndex += 1 }
    let body = try body(engine, sample, outputs)
    return ResultLine.frame(input.source, frameIndex, frame, body, report)
  }

  private func continuationLine(
    _ engine: borrowing Engine, _ rule: GenerationRule
  ) throws(SampleError) -> String {
    guard case .text(let text) = reader.preprocessing.kind, let beginning = input.source.text else {
      throw SampleError("texts are continued: give --prompt or a text file")
    }
    let outcome = try TextContinuation(text, rule, engine.inputs)
      .continued(beginning, by: options.tokens, engine)
    let body = ResultLine.continuation(outcome)
    return form.success(input.source, body, outcome.report, options)
  }

  private func body(
    _ engine: borrowing Engine, _ sample: Sample, _ outputs: [ModelOutput]
  ) throws(SampleError) -> String {
    let labels = reader.preprocessing.labels
    switch reader.preprocessing.results {
    case .plain, .generation:
      guard engine.outputs.count == 1, engine.outputs[0].classCount != nil else {
        return ResultLine.summaries(outputs)
      }
      let best = Classification.best(outputs[0].values, count: options.top)
      return ResultLine.top(best, labels: labels)
    case .detections(let rule):
      guard case .picture(let placement) = sample.origin else {
        throw SampleError(input.source.path + ": is no picture, and boxes are found in pictures")
      }
      return ResultLine.detections(
        try rule.detections(in: outputs, placement: placement), labels: labels)
    case .segments(let rule):
      return ResultLine.score(try rule.score(outputs))
    case .pointLabels(let rule):
      guard case .cloud(let placement) = sample.origin else {
        throw SampleError(input.source.path + ": is no cloud, and points get labels")
      }
      let classes = try rule.classes(in: outputs, placement: placement)
      if let folder = options.pointLabels {
        try LabelFile.write(rule.labelFile(classes), for: input.source.path, in: folder)
      }
      return ResultLine.points(classes, labels: labels)
    case .embedding(let rule):
      let vector = try rule.vector(outputs)
      guard let reference else { return ResultLine.embedding(vector) }
      return ResultLine.similarity(EmbeddingRule.similarity(vector, reference))
    }
  }
}
