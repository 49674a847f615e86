import CEdgeHost
import EdgeSamples

/// `edgerun eval`: accuracy on labelled samples.
struct EvalCommand {
  private static let shownFailures = 10

  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  func run() throws(CommandError) -> Int32 {
    let engine = try Engine(path: options.model, threads: options.threads)
    guard engine.outputs.count == 1, let classes = engine.outputs[0].classCount else {
      throw CommandError(
        options.model
          + ": is not a classifier, its only output would be [1, C]: use edgerun and judge "
          + "the outputs, or edgeconv verify")
    }
    let reader = SampleReader(
      inputs: engine.inputs, preprocessing: try engine.preprocessing(options))
    let sources = try self.sources(reader)
    var count = Score(
      exits: ExitTable.Row(exitCount: engine.exitCount),
      table: ExitTable(options.thresholds, exitCount: engine.exitCount))
    var bar = ProgressBar(total: sources.count)
    edge_cli_watch_interrupt()
    for (index, source) in sources.enumerated() {
      if edge_cli_interrupted() != 0 {
        bar.clear()
        throw CommandError("interrupted", exitCode: ExitCode.interrupted)
      }
      do throws(SampleError) {
        try judge(source, engine, reader, classes, &count)
      } catch let failure {
        count.failures += 1
        if count.failures <= Self.shownFailures {
          bar.clear()
          Console.error(failure.message)
        }
      }
      bar.show(index + 1)
    }
    bar.clear()
    try Console.output(options.isJSON ? json(count) : text(count))
    return count.failures == 0 ? ExitCode.success : ExitCode.someFailed
  }

  private struct Score {
    var samples = 0
    var correct = 0
    var correctInFive = 0
    var failures = 0
    var times: [UInt64] = []
    var exits: ExitTable.Row
    var table: ExitTable

    func share(_ count: Int) -> Double { samples > 0 ? Double(count) / Double(samples) : 0 }
  }

  private func sources(_ reader: SampleReader) throws(CommandError) -> [SampleSource] {
    do throws(SampleError) {
      return try reader.sources(options.data ?? "")
    } catch {
      throw CommandError(error.message)
    }
  }

  private func judge(
    _ source: SampleSource, _ engine: borrowing Engine, _ reader: SampleReader, _ classes: Int,
    _ count: inout Score
  ) throws(SampleError) {
    let sample = try reader.read(source)
    let stated = source.label.map { reader.preprocessing.classIndex($0) } ?? sample.label
    guard let label = stated, label >= 0, label < classes else {
      throw SampleError(
        source.name
          + ": has no label that the model knows: give a class name, or an index from 0 to "
          + String(classes - 1) + ", in labels.tsv or as the array 'label'")
    }
    engine.reset()
    let report = try engine.run(sample.tensors, options.limits)
    let values = try engine.output(0).values
    let isCorrect = Classification.top(values) == label
    count.samples += 1
    count.correct += isCorrect ? 1 : 0
    count.exits.add(report, isCorrect: isCorrect)
    let best = Classification.best(values, count: 5)
    count.correctInFive += best.contains { $0.index == label } ? 1 : 0
    count.times.append(report.nanoseconds)
    for (index, threshold) in options.thresholds.enumerated() {
      var limits = options.limits
      limits.exitThreshold = threshold
      let report = try engine.run(sample.tensors, limits)
      let isCorrect = Classification.top(try engine.output(0).values) == label
      count.table.rows[index].add(report, isCorrect: isCorrect)
    }
  }

  private func text(_ count: Score) -> String {
    let times = Latencies(count.times)
    var text = padded("samples", 14) + String(count.samples)
    if count.failures > 0 { text += ", and " + String(count.failures) + " that failed" }
    text += "\n" + padded("accuracy", 14) + numberText(100 * count.share(count.correct), digits: 4)
    text += " % (" + String(count.correct) + " of " + String(count.samples) + ")\n"
    text +=
      padded("in best five", 14) + numberText(100 * count.share(count.correctInFive), digits: 4)
    text += " %\n" + padded("latency", 14) + "median " + millisecondText(times.median)
    text += "  mean " + millisecondText(count.exits.meanNanoseconds)
    text += "  max " + millisecondText(times.max) + " ms\n"
    if count.exits.exits.count > 1 {
      text += padded("exits", 14)
      for (index, runs) in count.exits.histogram.enumerated() {
        let isEnd = index == count.exits.histogram.count - 1
        text += (isEnd ? "end " : String(index + 1) + ": ") + String(runs) + (isEnd ? "\n" : "  ")
      }
    }
    return text + count.table.text
  }

  private func json(_ count: Score) -> String {
    let times = Latencies(count.times)
    return "{\"model\":" + jsonText(options.model) + ",\"samples\":" + String(count.samples)
      + ",\"failed\":" + String(count.failures) + ",\"correct\":" + String(count.correct)
      + ",\"accuracy\":" + numberText(count.share(count.correct))
      + ",\"accuracy_top5\":" + numberText(count.share(count.correctInFive))
      + ",\"median_ms\":" + millisecondText(times.median)
      + ",\"mean_ms\":" + millisecondText(count.exits.meanNanoseconds)
      + ",\"max_ms\":" + millisecondText(times.max)
      + ",\"mean_exit\":" + numberText(count.exits.meanExit)
      + ",\"exits\":" + Text.shape(count.exits.histogram) + "," + count.table.json + "}\n"
  }
}
