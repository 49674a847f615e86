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
  private var stage = Stage.unread
  private var frameIndex = 0
  private var nanoseconds: UInt64 = 0
  private var segments: SegmentFinder?

  init(_ input: Input, _ reader: SampleReader, _ options: Options, _ form: ResultLine) {
    self.input = input
    self.reader = reader
    self.options = options
    self.form = form
    if case .segments(let rule) = reader.preprocessing.results { segments = SegmentFinder(rule) }
  }

  /// Runs until there is another line; nil after the last one.
  mutating func next(_ engine: borrowing Engine) throws(SampleError) -> String? {
    switch stage {
    case .unread:
      if let problem = input.problem { throw SampleError(problem) }
      engine.reset()
      if let frames = try reader.stream(input.path) {
        stage = .frames(frames)
        return try next(engine)
      }
      stage = .ended
      return try sampleLine(engine)
    case .frames(let frames):
      if frameIndex < frames.count { return try frameLine(frames, engine) }
      stage = .ended
      let report = Report(nanoseconds: nanoseconds)
      let body = ResultLine.stream(frames, segments: segments?.segments)
      return form.success(input.path, body, report, options)
    case .ended:
      return nil
    }
  }

  private func sampleLine(_ engine: borrowing Engine) throws(SampleError) -> String {
    let sample = try reader.read(input.path)
    let report = try engine.run(sample.tensors, budgetNanoseconds: options.budgetNanoseconds)
    let outputs = try engine.results()
    let body: String
    switch reader.preprocessing.results {
    case .plain:
      body = plainBody(engine, outputs)
    case .detections(let rule):
      guard case .picture(let placement) = sample.origin else {
        throw SampleError(input.path + ": boxes are found in pictures: give the picture itself")
      }
      let found = try rule.detections(in: outputs, placement: placement)
      body = ResultLine.detections(found, labels: reader.preprocessing.labels)
    case .segments(let rule):
      body = ResultLine.score(try rule.score(outputs))
    case .pointLabels(let rule):
      body = try pointBody(sample, outputs, rule)
    }
    return form.success(input.path, body, report, options)
  }

  /// Counts the points of every class and, when told to, writes their labels.
  private func pointBody(
    _ sample: Sample, _ outputs: [ModelOutput], _ rule: PointLabelRule
  ) throws(SampleError) -> String {
    guard case .cloud(let placement) = sample.origin else {
      throw SampleError(input.path + ": points get labels: give the cloud itself")
    }
    let classes = try rule.classes(in: outputs, placement: placement)
    if let folder = options.pointLabels {
      try LabelFile.write(rule.labelFile(classes), for: input.path, in: folder)
    }
    return ResultLine.points(classes, labels: reader.preprocessing.labels)
  }

  private mutating func frameLine(
    _ frames: FrameStream, _ engine: borrowing Engine
  ) throws(SampleError) -> String {
    let frame = frames[frameIndex]
    let report = try engine.run([frame.tensor], budgetNanoseconds: options.budgetNanoseconds)
    let outputs = try engine.results()
    nanoseconds += report.nanoseconds
    defer { frameIndex += 1 }
    let body: String
    if case .segments(let rule) = reader.preprocessing.results {
      let score = try rule.score(outputs)
      segments?.add(start: frame.start, end: frame.end, score: score)
      body = ResultLine.score(score)
    } else {
      body = plainBody(engine, outputs)
    }
    return ResultLine.frame(input.path, frameIndex, frame, body, report)
  }

  private func plainBody(_ engine: borrowing Engine, _ outputs: [ModelOutput]) -> String {
    guard engine.outputs.count == 1, engine.outputs[0].classCount != nil else {
      return ResultLine.summaries(outputs)
    }
    return ResultLine.top(
      Classification.best(outputs[0].values, count: options.top),
      labels: reader.preprocessing.labels)
  }
}
