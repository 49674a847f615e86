import CEdgeHost
import EdgeSamples

/// `edgerun MODEL.edge INPUT...`: one JSON line for every input.
struct RunCommand {
  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  func run() throws(CommandError) -> Int32 {
    let engine = try Engine(path: options.model, threads: options.threads)
    let reader = SampleReader(inputs: engine.inputs, preprocessing: try engine.preprocessing())
    let inputs = InputList.expand(options.inputs)
    let form = ResultLine(model: engine.fingerprint)
    var point = ResumePoint()
    if options.isResume, let output = options.output {
      point = try ResumePoint.read(output, inputs, form)
      if point.isComplete { return finish(failures: point.failureCount, of: inputs.count) }
    }
    var results = try ResultFile(
      options.output, keptLines: point.inputCount, keptBytes: point.byteCount)
    var bar = ProgressBar(
      total: inputs.count, first: point.inputCount, isAlone: options.output != nil)
    var failures = point.failureCount
    edge_cli_watch_interrupt()
    for index in point.inputCount..<inputs.count {
      if edge_cli_interrupted() != 0 { return interrupted(bar, done: index, of: inputs.count) }
      let line: String
      do throws(SampleError) {
        line = try success(inputs[index], engine, reader, form)
      } catch {
        failures += 1
        line = form.failure(inputs[index].path, error.message)
      }
      do throws(CommandError) {
        try results.write(line)
      } catch {
        bar.clear()
        throw error
      }
      bar.show(index + 1)
    }
    bar.clear()
    try results.finish()
    return finish(failures: failures, of: inputs.count)
  }

  private func success(
    _ input: Input, _ engine: borrowing Engine, _ reader: SampleReader, _ form: ResultLine
  ) throws(SampleError) -> String {
    if let problem = input.problem { throw SampleError(problem) }
    let sample = try reader.read(input.path)
    let budget = UInt64(options.budgetMilliseconds * 1e6)
    let report = try engine.run(sample.tensors, budgetNanoseconds: budget)
    let body = try self.body(engine, sample, reader.preprocessing)
    return form.success(input.path, body, report, options)
  }

  private func body(
    _ engine: borrowing Engine, _ sample: Sample, _ rules: Preprocessing
  ) throws(SampleError) -> String {
    if case .detections(let rule) = rules.results {
      guard case .picture(let placement) = sample.origin else {
        throw SampleError("boxes are found in pictures only: give the picture itself")
      }
      let found = try rule.detections(in: engine.results(), placement: placement)
      return ResultLine.detections(found, labels: rules.labels)
    }
    if engine.outputs.count == 1, engine.outputs[0].classCount != nil {
      let values = try engine.output(0).values
      return ResultLine.top(Classification.best(values, count: options.top), labels: rules.labels)
    }
    var text = "\"outputs\":["
    for (index, output) in try engine.results().enumerated() {
      if index > 0 { text += "," }
      text += ResultLine.summary(output)
    }
    return text + "]"
  }

  private func interrupted(_ bar: ProgressBar, done: Int, of total: Int) -> Int32 {
    bar.clear()
    let remedy = options.output == nil ? "" : "; continue with --resume"
    Console.error("interrupted after " + String(done) + " of " + String(total) + " inputs" + remedy)
    return ExitCode.interrupted
  }

  private func finish(failures: Int, of total: Int) -> Int32 {
    guard failures > 0 else { return ExitCode.success }
    Console.error(
      String(failures) + " of " + String(total) + " inputs failed: see \"error\" in their lines")
    return ExitCode.someFailed
  }
}
