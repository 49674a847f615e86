import CEdgeHost
import EdgeSamples

/// `edgerun MODEL.edge INPUT...`: JSON lines for every input.
struct RunCommand {
  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  /// How the run of one input ended.
  private enum Outcome: Int {
    case done = 0
    case failed = 1
    case interrupted = 2
  }

  func run() throws(CommandError) -> Int32 {
    let engine = try Engine(path: options.model, threads: options.threads)
    let reader = SampleReader(
      inputs: engine.inputs, preprocessing: try engine.preprocessing(options))
    let inputs = InputList.expand(options, reader)
    let form = ResultLine(model: engine.fingerprint)
    let reference = try self.reference(engine, reader)
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
      let outcome: Outcome
      do throws(CommandError) {
        var lines = InputLines(inputs[index], reader, options, form, reference: reference)
        outcome = try write(&lines, of: inputs[index], engine, form, &results)
      } catch {
        bar.clear()
        throw error
      }
      if outcome == .interrupted { return interrupted(bar, done: index, of: inputs.count) }
      failures += outcome.rawValue
      bar.show(index + 1)
    }
    bar.clear()
    try results.finish()
    return finish(failures: failures, of: inputs.count)
  }

  /// The vector of the text that `--similar-to` gives; nil without it.
  private func reference(
    _ engine: borrowing Engine, _ reader: SampleReader
  ) throws(CommandError) -> [Float]? {
    guard let text = options.similarTo else { return nil }
    guard case .embedding(let rule) = reader.preprocessing.results else {
      throw CommandError(
        options.model + ": gives no embeddings, so there is nothing for --similar-to to compare")
    }
    do throws(SampleError) {
      engine.reset()
      _ = try engine.run(reader.read(SampleSource(text: text)).tensors)
      return try rule.vector(engine.results())
    } catch {
      throw CommandError(options.model + ": " + error.message)
    }
  }

  /// Runs one input and writes its lines.
  private func write(
    _ lines: inout InputLines, of input: Input, _ engine: borrowing Engine, _ form: ResultLine,
    _ results: inout ResultFile
  ) throws(CommandError) -> Outcome {
    while edge_cli_interrupted() == 0 {
      let line: String
      do throws(SampleError) {
        guard let next = try lines.next(engine) else { return .done }
        line = next
      } catch {
        try results.write(form.failure(input.source, error.message))
        return .failed
      }
      try results.write(line)
    }
    return .interrupted
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
