import CEdgeHost
import CEdgeRT
import EdgeSamples

/// `edgerun bench`: cold start, warm latency, time of every node.
struct BenchCommand {
  private static let warmUpRuns = 3
  private static let defaultRuns = 100
  private static let defaultNanoseconds: UInt64 = 5_000_000_000

  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  func run() throws(CommandError) -> Int32 {
    let engine = try Engine(path: options.model, threads: options.threads)
    let tensors = engine.inputs.map { RandomInput.tensor(for: $0) }
    let first = try time(engine, tensors)
    for _ in 0..<Self.warmUpRuns { _ = try time(engine, tensors) }
    let latencies = try measure(engine, tensors, options.limits)
    var others: [(name: String, latencies: Latencies)] = []
    for (name, limits) in Self.depths(engine) {
      others.append((name, try measure(engine, tensors, limits)))
    }
    var nodes: [NodeTime] = []
    if options.isProfile {
      engine.setProfiling(true)
      for _ in 0..<min(latencies.count, 20) { _ = try time(engine, tensors) }
      nodes = engine.profile()
      engine.setProfiling(false)
    }
    let works = options.isProfile ? NodeWork.all(in: options.model) : []
    let measured = Measurement(
      sessionBytes: engine.sessionBytes, modelNanoseconds: engine.openNanoseconds.model,
      sessionNanoseconds: engine.openNanoseconds.session, firstNanoseconds: first,
      latencies: latencies, others: others, profile: Profile(nodes, works))
    try Console.output(options.isJSON ? json(measured) : text(measured))
    return ExitCode.success
  }

  private struct Measurement {
    let sessionBytes: Int
    let modelNanoseconds: UInt64
    let sessionNanoseconds: UInt64
    let firstNanoseconds: UInt64
    let latencies: Latencies
    /// The other ways through a model with exits or skips.
    let others: [(name: String, latencies: Latencies)]
    let profile: Profile

    var coldNanoseconds: UInt64 { modelNanoseconds + sessionNanoseconds + firstNanoseconds }
  }

  /// The other ways through a model with exits or skips.
  private static func depths(_ engine: borrowing Engine) -> [(name: String, limits: RunLimits)] {
    guard engine.exitCount + engine.skipCount > 0 else { return [] }
    var limits = RunLimits()
    limits.isFullDepth = true
    var depths: [(name: String, limits: RunLimits)] = [("full depth", limits)]
    limits.isFullDepth = false
    if engine.exitCount > 0 {
      limits.exitThreshold = .infinity
      depths.append(("worst case", limits))
    }
    for exit in 0..<engine.exitCount {
      limits.maxExit = Int32(exit + 1)
      depths.append(("exit " + String(exit + 1), limits))
    }
    for skips in 0..<engine.skipCount {
      limits.skippedBlocks = Int32(skips + 1)
      depths.append(("skipping " + String(skips + 1), limits))
    }
    return depths
  }

  private func time(
    _ engine: borrowing Engine, _ tensors: [SampleTensor]
  ) throws(CommandError) -> UInt64 {
    try report(engine, tensors, options.limits).nanoseconds
  }

  private func report(
    _ engine: borrowing Engine, _ tensors: [SampleTensor], _ limits: RunLimits
  ) throws(CommandError) -> Report {
    do throws(SampleError) {
      engine.reset()
      return try engine.run(tensors, limits)
    } catch {
      throw CommandError(options.model + ": " + error.message)
    }
  }

  private func measure(
    _ engine: borrowing Engine, _ tensors: [SampleTensor], _ limits: RunLimits
  ) throws(CommandError) -> Latencies {
    var times: [UInt64] = []
    let wanted = options.runs > 0 ? options.runs : Self.defaultRuns
    var bar = ProgressBar(total: wanted)
    let start = edge_host_nanoseconds()
    while times.count < wanted {
      let isLong = edge_host_nanoseconds() - start > Self.defaultNanoseconds
      if options.runs == 0 && isLong && times.count >= 5 { break }
      times.append(try report(engine, tensors, limits).nanoseconds)
      bar.show(times.count)
    }
    bar.clear()
    return Latencies(times)
  }

  private func text(_ measured: Measurement) -> String {
    let times = measured.latencies
    var text = padded("model", 14) + options.model + "\n"
    text += padded("kernels", 14) + Self.isa + ", " + threadText(options.threads) + "\n"
    text += padded("session", 14) + String(measured.sessionBytes) + " bytes\n"
    text += padded("cold start", 14) + millisecondText(measured.coldNanoseconds) + " ms: model "
    text += millisecondText(measured.modelNanoseconds) + ", session "
    text += millisecondText(measured.sessionNanoseconds) + ", first inference "
    text += millisecondText(measured.firstNanoseconds) + "\n"
    text += padded("latency", 14) + "min " + millisecondText(times.min) + "  median "
    text += millisecondText(times.median) + "  p99 " + millisecondText(times.p99) + "  max "
    text += millisecondText(times.max) + " ms over " + String(times.count) + " inferences\n"
    for other in measured.others {
      text += padded(other.name, 14) + "min " + millisecondText(other.latencies.min) + "  median "
      text += millisecondText(other.latencies.median) + "  p99 "
      text += millisecondText(other.latencies.p99) + "  max "
      text += millisecondText(other.latencies.max) + " ms\n"
    }
    return text + measured.profile.text
  }

  private func json(_ measured: Measurement) -> String {
    let times = measured.latencies
    var text = "{\"model\":" + jsonText(options.model) + ",\"isa\":" + jsonText(Self.isa)
    text += ",\"threads\":" + String(options.threads)
    text += ",\"session_bytes\":" + String(measured.sessionBytes)
    text += ",\"cold_ms\":" + millisecondText(measured.coldNanoseconds)
    text += ",\"open_ms\":" + millisecondText(measured.modelNanoseconds)
    text += ",\"session_ms\":" + millisecondText(measured.sessionNanoseconds)
    text += ",\"first_ms\":" + millisecondText(measured.firstNanoseconds)
    text += ",\"runs\":" + String(times.count) + ",\"min_ms\":" + millisecondText(times.min)
    text += ",\"median_ms\":" + millisecondText(times.median)
    text += ",\"p99_ms\":" + millisecondText(times.p99)
    text += ",\"max_ms\":" + millisecondText(times.max)
    if !measured.others.isEmpty {
      text += ",\"depths\":{"
      for (index, other) in measured.others.enumerated() {
        text += (index > 0 ? "," : "") + jsonText(other.name) + ":{\"min_ms\":"
        text += millisecondText(other.latencies.min) + ",\"median_ms\":"
        text += millisecondText(other.latencies.median) + "}"
      }
      text += "}"
    }
    if !measured.profile.isEmpty { text += "," + measured.profile.json }
    return text + "}\n"
  }

  private static var isa: String { String(cString: edgert_kernel_isa()) }
}
