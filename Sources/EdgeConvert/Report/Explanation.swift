import Foundation

extension ConversionReport {
  /// Nodes by the SQNR of their results, alone or else in all, lowest first; what was not measured comes last.
  public var worstLayers: [Layer] {
    layers.enumerated().sorted { a, b in
      (a.element.order, a.offset) < (b.element.order, b.offset)
    }.map(\.element)
  }

  /// What was done, the worst layers and what deserves a look: what `edgeconv explain` prints.
  /// - Parameter count: how many layers.
  public func explanation(layers count: Int) -> String {
    var lines = ["\(output) from \(source), \(converter)"]
    lines.append("nodes: \(layers.count), \(int8Count) in INT8")
    lines += floatReasons.map { "  float: \($0.count) (\($0.reason))" }
    lines += steps.map { "done: \($0)" }
    if let line = stability?.line { lines.append("stability: \(line)") }
    if let accuracy { lines += accuracy.lines }
    let worst = worstLayers.prefix(count).filter { $0.order.isFinite }
    if !worst.isEmpty { lines.append("worst layers, SQNR in dB alone and so far:") }
    for layer in worst {
      let numbers = [layer.sqnrAlone, layer.sqnr].map { value in
        value.map { String(format: "%6.1f", $0) } ?? "     -"
      }
      lines.append(
        "  \(numbers.joined(separator: " "))  \(layer.name) (\(layer.op), \(layer.precision))")
    }
    for warning in warnings {
      lines.append("warning: \(warning.text): \(warning.remedy)")
      if let command = warning.command { lines.append("  \(command)") }
    }
    return lines.joined(separator: "\n")
  }
}

extension ConversionReport.Layer {
  fileprivate var order: Double { sqnrAlone ?? sqnr ?? .infinity }
}

extension ConversionReport {
  /// Reads what `edgeconv convert --json` printed.
  /// - Throws: `ConversionError.usage` when it cannot be read or is none.
  public init(path: String) throws {
    let data: Foundation.Data
    do {
      data = try Foundation.Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ConversionError.usage("\(path): cannot be read: \(error.localizedDescription)")
    }
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      self = try decoder.decode(ConversionReport.self, from: data)
    } catch {
      throw ConversionError.usage(
        "\(path): is neither a .edge file nor a report of edgeconv convert --json")
    }
  }
}

/// What a `.edge` file says of its own conversion: entries of its metadata, each some lines of text.
enum StoredExplanation {
  static let prefix = "report."
  /// Layers that are named.
  private static let layers = 5
  /// Warnings that are kept.
  private static let warnings = 6

  /// The entries for a report; only what calibration has shown, since a file does not hang on what validates it.
  static func entries(_ report: ConversionReport) -> [String: String] {
    var entries: [String: String] = [:]
    func add(_ key: String, _ lines: [String]) {
      if !lines.isEmpty { entries[prefix + key] = lines.joined(separator: "\n") }
    }
    add("done", report.steps)
    add(
      "worst",
      report.worstLayers.prefix(layers).compactMap { layer in
        layer.sqnrAlone.map { String(format: "%.1f dB  ", $0) + "\(layer.name) (\(layer.op))" }
      })
    add("warnings", report.warnings.prefix(warnings).map { "\($0.text): \($0.remedy)" })
    return entries
  }
}

extension Inspection {
  /// What was done, the worst layers and warnings, as far as the file tells.
  public var explanation: String {
    var lines: [String] = []
    let source = metadata["source.name"].map { " from \($0)" } ?? ""
    lines.append(
      "\(metadata["precision"] ?? "a file")\(source), \(metadata["converter"] ?? "an unknown converter")"
    )
    let written = nodes.compactMap { $0.outputs.first.map { tensors[$0].type } }
    lines.append(
      "nodes of the plan: \(nodes.count), \(written.count { $0 == "int8" }) write int8; "
        + "\(ByteText.grouped(fileBytes)) bytes, a session of \(ByteText.grouped(sessionBytes))")
    if let samples = metadata["calibration.samples"] {
      lines.append("calibrated on \(samples) samples")
    }
    for (key, title) in [
      ("done", "done: "), ("worst", "worst layers alone: "), ("warnings", "warning: "),
    ] {
      guard let text = metadata[StoredExplanation.prefix + key] else { continue }
      lines += text.split(separator: "\n").map { title + $0 }
    }
    return lines.joined(separator: "\n")
  }
}
