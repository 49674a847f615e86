extension PageSection {
  private static let head = [
    "layer", "arithmetic", "SQNR alone, dB", "SQNR so far, dB", "outputs if float, dB",
    "range of the result", "clipped %", "µs", "weight bytes",
  ]

  /// Every node of the graph, worst first.
  @Sendable static func layers(_ report: ConversionReport) -> PageSection? {
    let isMeasured = report.layers.contains { $0.sqnr != nil || $0.sqnrAlone != nil }
    let layers = isMeasured ? report.worstLayers : report.layers
    let rows = layers.map { layer in
      let cells = cells(of: layer).enumerated().map { index, cell in
        "<td class=\"\(index < 2 ? "t" : index == 3 || index == 5 ? "n" : "")\">\(cell)</td>"
      }
      return
        "<tr class=\"\(layer.precision == Precision.float32.rawValue ? "f32" : "i8")\">\(cells.joined())</tr>\n"
    }
    let heads = head.enumerated().map { $0 < 2 ? "<th class=\"t\">\($1)</th>" : "<th>\($1)</th>" }
    let words = """
      <p>“Alone” is the rounding of this layer's operands, weights and result by itself; “so far” adds that of all before it;
      “outputs if float” is what the model's outputs would have with this layer in float\
      \(report.outputSQNR.map { ", now \(HTML.fixed($0, 1)) dB" } ?? ""). Times are of one thread of the machine of the conversion.</p>
      """
    return PageSection(
      title: "Layers, \(isMeasured ? "worst first" : "in order of execution")",
      body:
        "\(words)<table><thead><tr>\(heads.joined())</tr></thead><tbody>\n\(rows.joined())</tbody></table>"
    )
  }

  private static func cells(of layer: ConversionReport.Layer) -> [String] {
    let kernel = layer.kernel.map { "<small>\(HTML.escaped(words($0)))</small>" } ?? ""
    let blocks =
      layer.blocks.map {
        "<small>4x\($0.outputs) blocks, \(HTML.fixed(100 * $0.density, 0)) % kept</small>"
      } ?? ""
    let why = layer.reason.isEmpty ? "" : "<small>\(HTML.escaped(layer.reason))</small>"
    var cells = [
      "<b>\(HTML.escaped(layer.name))</b><small>\(HTML.escaped("\(layer.op) \(layer.shape)"))</small>",
      "\(HTML.escaped(layer.precision))\(why)\(blocks)\(kernel)",
      layer.sqnrAlone.map { HTML.fixed($0, 1) } ?? "", layer.sqnr.map(bar) ?? "",
      layer.outputSQNRInFloat.map { $0.isFinite ? HTML.fixed($0, 1) : "exact" } ?? "",
    ]
    if let range = layer.range {
      let shared = range.sharedBy > 1 ? ", shared by \(range.sharedBy)" : ""
      cells += [
        "\(HTML.number(Double(range.low))) … \(HTML.number(Double(range.high)))"
          + "<small>\(HTML.escaped(range.observer))\(shared)</small>",
        HTML.fixed(100 * range.clipped, 3),
      ]
    } else {
      cells += ["", ""]
    }
    cells.append(layer.microseconds.map { HTML.fixed($0, $0 < 10 ? 1 : 0) } ?? "")
    cells.append(layer.weightBytes > 0 ? HTML.bytes(layer.weightBytes) : "")
    return cells
  }

  /// A kernel's name without the library's prefix, in words that break between lines.
  private static func words(_ kernel: String) -> String {
    kernel.split(separator: "_").filter { $0 != "edge" }.joined(separator: " ")
  }

  private static func bar(_ sqnr: Double) -> String {
    let width = Int(Swift.max(1, Swift.min(50, sqnr.isFinite ? sqnr : 1)))
    return
      "<span class=\"bar\(sqnr < 15 ? " low" : "")\" style=\"width:\(width)px\"></span>\(HTML.fixed(sqnr, 1))"
  }
}
