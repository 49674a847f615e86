import Foundation

/// What the calibration data and the quantization show that deserves a look, each with its remedy.
struct Findings {
  /// Largest channel over the middle one, and largest element over the 99.99th percentile, from which on they are told.
  private static let outlier = 20.0
  /// Gain of the outputs, in dB, from which on a layer is called badly quantized, and outputs good enough not to.
  private static let gain = 3.0
  private static let goodOutput = 35.0
  private static let clipped = 0.01

  private let decided: Conversion.Decided
  private let options: ConversionOptions

  init(_ decided: Conversion.Decided, options: ConversionOptions) {
    self.decided = decided
    self.options = options
  }

  /// Everything that can be told without a diagnosis.
  /// - Parameter samples: how many calibrated; nil when none did.
  func ofData(samples: Int?) -> [ConversionReport.Warning] {
    var warnings: [ConversionReport.Warning] = []
    if let samples, samples < 32 {
      warnings.append(
        ConversionReport.Warning(
          "only \(samples) calibration samples",
          remedy: "give --calibrate a folder of 100 or more that look like real input"))
    }
    return warnings + oddValues + deadWeights
  }

  /// The layers that cost the outputs most, and channels that are dead or far larger than others.
  func ofLayers(_ diagnosis: Diagnosis, inFloat: [Int: Double]) throws
    -> [ConversionReport.Warning]
  {
    let culprits = try diagnosis.culprits()
    return badLayers(diagnosis, inFloat, culprits) + givenBack(diagnosis)
      + outlierChannels(diagnosis, culprits?.positions ?? []) + deadChannels(diagnosis)
      + clippedRanges + outlierElements
  }

  // MARK: Layers

  private func badLayers(
    _ diagnosis: Diagnosis, _ inFloat: [Int: Double],
    _ culprits: (positions: [Int], sqnr: Double)?
  ) -> [ConversionReport.Warning] {
    guard let output = diagnosis.outputSQNR, output < Findings.goodOutput else { return [] }
    if let culprits, culprits.sqnr > output + Findings.gain {
      let names = culprits.positions.map { decided.graph.nodes[$0].name }
      let causes = culprits.positions.compactMap { explained($0, diagnosis) }
      let cause = causes.first.map { " (\($0))" } ?? ""
      return [bad(names, cause, culprits.sqnr, output)]
    }
    let found = inFloat.filter { $0.value > output + Findings.gain }
      .sorted { ($0.value, $1.key) > ($1.value, $0.key) }
    return found.prefix(3).map { bad([decided.graph.nodes[$0.key].name], "", $0.value, output) }
  }

  private func bad(_ names: [String], _ cause: String, _ sqnr: Double, _ output: Double)
    -> ConversionReport.Warning
  {
    let quoted = names.map { "'\($0)'" }.joined(separator: ", ")
    let isOne = names.count == 1
    return ConversionReport.Warning(
      "\(quoted) \(isOne ? "is" : "are") badly quantized\(cause): with \(isOne ? "it" : "them") in float the "
        + "outputs' SQNR is \(Findings.decibel(sqnr)) instead of \(Findings.decibel(output))",
      remedy:
        "keep \(isOne ? "it" : "them") in float with --keep-float \(names.joined(separator: ","))",
      command: options.command(keepingFloat: names))
  }

  /// The outlier channel in what a layer reads or gives, in words.
  private func explained(_ position: Int, _ diagnosis: Diagnosis) -> String? {
    let node = decided.graph.nodes[position]
    let makers = decided.graph.nodes.indices.filter { maker in
      decided.graph.nodes[maker].outputs.contains { $0.map { node.inputs.contains($0) } ?? false }
    }
    return (makers + [position]).compactMap { at in
      outlier(diagnosis.layers.channels[at]).map {
        "channel \($0.channel) of '\(decided.graph.nodes[at].name)' reaches \(Int($0.ratio)) times what the middle one does"
      }
    }.first
  }

  private func outlier(_ channels: ChannelStatistics?) -> (ratio: Double, channel: Int)? {
    guard let peaks = channels?.peaks, peaks.count >= 8,
      let largest = peaks.indices.max(by: { peaks[$0] < peaks[$1] })
    else { return nil }
    let middle = peaks.sorted()[peaks.count / 2]
    return middle > 0 && peaks[largest] > Findings.outlier * middle
      ? (peaks[largest] / middle, largest) : nil
  }

  /// Layers that the search has left in float: a cost in time, told with what made it necessary.
  private func givenBack(_ diagnosis: Diagnosis) -> [ConversionReport.Warning] {
    let noisy = decided.graph.nodes.indices.filter {
      decided.settings.noisyNodes.contains($0)
        && decided.choices.nodes[$0].precision == .float32
    }
    guard !noisy.isEmpty else { return [] }
    let names = noisy.map { "'\(decided.graph.nodes[$0].name)'" }
    let shown = names.prefix(4).joined(separator: ", ") + (names.count > 4 ? "…" : "")
    let cause = noisy.compactMap { explained($0, diagnosis) }.first.map { "; \($0)" } ?? ""
    return [
      ConversionReport.Warning(
        "\(names.count) layer\(names.count == 1 ? " runs" : "s run") in float, since INT8 added too much noise: \(shown)\(cause)",
        remedy:
          "nothing for accuracy; if time matters more, --observer mse keeps all layers in INT8",
        command: options.command(observer: .mse))
    ]
  }

  /// Told where they are not yet dealt with: by keeping their readers in float, or by evening channels out.
  private func outlierChannels(_ diagnosis: Diagnosis, _ culprits: [Int])
    -> [ConversionReport.Warning]
  {
    let readers = Uses(decided.graph).readers
    let found = diagnosis.layers.channels.compactMap {
      position, channels -> (ratio: Double, position: Int, channel: Int)? in
      guard let found = outlier(channels), let output = decided.graph.nodes[position].outputs[0]
      else { return nil }
      let reached = [position] + readers[output.index]
      return Set(culprits).isDisjoint(with: reached) ? nil : (found.ratio, position, found.channel)
    }
    let names = culprits.map { decided.graph.nodes[$0].name }
    return found.sorted { ($0.ratio, $1.position) > ($1.ratio, $0.position) }.prefix(3).map {
      let remedies =
        options.observer == .auto
        ? ("keep what it spoils in float", options.command(keepingFloat: names))
        : ("let --observer auto even channels out", options.command(observer: .auto))
      return ConversionReport.Warning(
        "channel \($0.channel) of '\(decided.graph.nodes[$0.position].name)' reaches \(Int($0.ratio)) times what the middle channel does",
        remedy: remedies.0, command: remedies.1)
    }
  }

  /// Layers whose results have channels that are 0 in every sample looked at.
  private func deadChannels(_ diagnosis: Diagnosis) -> [ConversionReport.Warning] {
    let dead = diagnosis.layers.channels.sorted { $0.key < $1.key }.compactMap {
      position, channels -> (name: String, dead: Int, count: Int)? in
      let node = decided.graph.nodes[position]
      guard Operator.of(node)?.quantize.hasWeights == true else { return nil }
      let count = channels.peaks.count { $0 == 0 }
      return count > 0 ? (node.name, count, channels.count) : nil
    }
    guard let worst = dead.max(by: { $0.dead * $1.count < $1.dead * $0.count }) else { return [] }
    return [
      ConversionReport.Warning(
        "\(dead.reduce(0) { $0 + $1.dead }) channels of \(dead.count) layers are 0 in all samples looked at, "
          + "\(worst.dead) of \(worst.count) in '\(worst.name)'",
        remedy: "if more samples agree, remove them from the model: they only cost time")
    ]
  }

  /// Layers with output channels whose weights are all zero.
  private var deadWeights: [ConversionReport.Warning] {
    decided.graph.nodes.compactMap { node in
      guard Operator.of(node)?.quantize.hasWeights == true,
        let weights = decided.graph.constant(node, 1)
      else { return nil }
      let channels = WeightScales.channels(node, weights)
      let dead = channels.count { $0.allSatisfy { $0 == 0 } }
      guard dead > 0 else { return nil }
      return ConversionReport.Warning(
        "\(dead) of \(channels.count) output channels of '\(node.name)' have no weights",
        remedy: "remove them from the model to save time")
    }
  }

  // MARK: Values

  private var clippedRanges: [ConversionReport.Warning] {
    let clipped = values.filter { $0.choice.clipped > Findings.clipped }
    guard let worst = clipped.max(by: { $0.choice.clipped < $1.choice.clipped }) else { return [] }
    return [
      ConversionReport.Warning(
        "\(clipped.count) ranges clip more than \(Int(100 * Findings.clipped)) % of what was seen, "
          + String(
            format: "%.1f %% of '%@'", 100 * worst.choice.clipped, decided.graph[worst.id].name),
        remedy: "keep whole ranges with --observer minmax",
        command: options.command(observer: .minmax))
    ]
  }

  private var outlierElements: [ConversionReport.Warning] {
    values.filter { $0.choice.outlierRatio > Findings.outlier }
      .sorted { $0.choice.outlierRatio > $1.choice.outlierRatio }.prefix(3).map { id, choice in
        let maker = decided.graph.nodes.first { $0.outputs.contains(id) }?.name
        return ConversionReport.Warning(
          "'\(decided.graph[id].name)' reaches \(Int(choice.outlierRatio)) times its 99.99th percentile",
          remedy: "look for a broken sample"
            + (maker.map { ", or keep its node in float with --keep-float \($0)" } ?? ""),
          command: maker.map { options.command(keepingFloat: [$0]) })
      }
  }

  private var oddValues: [ConversionReport.Warning] {
    decided.histograms.sorted { $0.key < $1.key }.compactMap { id, histogram in
      if histogram.nonFiniteCount > 0 {
        return ConversionReport.Warning(
          "'\(decided.graph[id].name)' held \(histogram.nonFiniteCount) values that are not finite",
          remedy: "check the samples and the preprocessing")
      }
      guard histogram.minimum == histogram.maximum else { return nil }
      return ConversionReport.Warning(
        "'\(decided.graph[id].name)' is always \(histogram.minimum)",
        remedy: "check the preprocessing, or remove this dead part of the model")
    }
  }

  private var values: [(id: ValueID, choice: ValueChoice)] {
    decided.choices.values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func decibel(_ x: Double) -> String { String(format: "%.1f dB", x) }
}
