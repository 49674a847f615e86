import Foundation

extension ConversionReport {
  /// The report in a few lines, as `edgeconv convert` prints it.
  public var summary: String {
    var lines = ["\(output): \(ByteText.grouped(memory.fileBytes)) bytes"]
    lines.append(
      "nodes: \(layers.count), \(int8Count) in INT8, \(layers.count - int8Count) in float")
    if int8Count > 0 {
      lines += floatReasons.map { "  float: \($0.count) (\($0.reason))" }
    }
    lines += sparseLines
    let bound = ByteText.grouped(memory.arenaLowerBound)
    lines.append("arena: \(ByteText.grouped(memory.arenaBytes)) bytes (lower bound \(bound))")
    lines.append("session: \(ByteText.grouped(memory.sessionBytes)) bytes with one thread")
    lines += states.map { state in
      let growth = state.growsTo.map { ", grows to \($0)" } ?? ""
      return "state: \(state.name) \(state.type)\(state.shape), "
        + "\(ByteText.grouped(state.bytes)) bytes\(growth)"
    }
    lines += notes.map { "note: \($0)" }
    lines += steps.map { "quantization: \($0)" }
    lines += accuracyLines
    lines += tuning?.lines ?? []
    lines += exits?.lines ?? []
    lines += tokens?.lines ?? []
    lines += skips?.lines ?? []
    for warning in warnings {
      lines.append("warning: \(warning.text): \(warning.remedy)")
      if let command = warning.command { lines.append("  \(command)") }
    }
    return lines.joined(separator: "\n")
  }

  /// Notes which layers the file's nodes run with block-sparse weights.
  mutating func setBlocks(_ nodes: [EmittedFile.NodeSummary]) {
    for position in layers.indices {
      let name = layers[position].name
      layers[position].blocks = nodes.first { $0.name == name && $0.blocks != nil }?.blocks
    }
  }

  /// The layers with block-sparse weights by the shape of their blocks.
  private var sparseLines: [String] {
    [4, 2, 1].compactMap { outputs in
      let found = layers.compactMap(\.blocks).filter { $0.outputs == outputs }
      guard let least = found.map(\.density).min(), let most = found.map(\.density).max() else {
        return nil
      }
      return "  block-sparse 4x\(outputs): \(found.count), "
        + String(format: "%.0f ... %.0f %% of the weights kept", 100 * least, 100 * most)
    }
  }

  private var accuracyLines: [String] {
    guard let accuracy else { return [] }
    return accuracy.lines
  }
}

extension AccuracyComparison {
  /// One line for the labels, one an output.
  public var lines: [String] {
    func percent(_ value: Double) -> String { String(format: "%.2f %%", 100 * value) }
    var lines: [String] = []
    if let reference, let converted, let difference {
      let interval = String(
        format: "%+.2f points, 95 %% %+.2f ... %+.2f", difference.points, difference.low,
        difference.high)
      lines.append(
        "accuracy: float \(percent(reference.fraction)), file \(percent(converted.fraction)) (\(interval)); "
          + "\(reference.total) samples")
    }
    for output in outputs {
      let sqnr = output.sqnr.map { String(format: "%.1f dB", $0) } ?? "exact"
      var line =
        "output \(output.name): SQNR \(sqnr), max |Δ| \(String(format: "%.4g", output.maxDifference))"
      if let equality = output.equality {
        line += ", \(percent(equality.fraction)) of \(equality.total) elements equal"
      }
      if let agreement = output.agreement {
        line += ", top-1 agreement \(percent(agreement.fraction)) of \(agreement.total)"
      }
      lines.append(line)
    }
    return lines
  }
}
