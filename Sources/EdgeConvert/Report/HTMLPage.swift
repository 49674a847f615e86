import Foundation

/// Renders a report as one HTML page that needs nothing else.
public struct HTMLPage {
  private let report: ConversionReport

  public init(_ report: ConversionReport) { self.report = report }

  /// The page.
  public var text: String {
    """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(report.output))</title><style>\(HTMLPage.style)</style></head><body>
    <h1>\(escaped(name(report.output)))</h1>
    <p>from <b>\(escaped(name(report.source)))</b> by \(escaped(report.converter)): \(report.int8Count) of
    \(report.layers.count) nodes in INT8.</p>
    \(warnings)\(steps)\(accuracy)\(memory)\(floatNodes)\(layers)\(provenance)
    </body></html>

    """
  }

  private static let style = """
    body{font:15px/1.45 system-ui,sans-serif;max-width:1200px;margin:2em auto;padding:0 1em;color:#222;background:#fff}
    h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em;border-bottom:1px solid #ccc}
    table{border-collapse:collapse;font-size:13px}div.wide{overflow-x:auto}
    th,td{padding:3px 9px;text-align:right;border-bottom:1px solid #e5e5e5;vertical-align:top}
    th{position:sticky;top:0;background:#f4f4f4;text-align:right}
    td.t,th.t{text-align:left;overflow-wrap:anywhere;min-width:6em}
    tr.f32{color:#777}.warn{background:#fff4d6;border-left:4px solid #d90;padding:.5em 1em;margin:.5em 0}
    .bar{display:inline-block;height:.7em;background:#4a7fb5;margin-right:.5em}.low{background:#c44}
    dt{float:left;clear:left;width:12em;color:#555}dd{margin-left:13em;overflow-wrap:anywhere}
    """

  // MARK: Parts

  private var warnings: String {
    report.warnings.map { "<p class=\"warn\">\(escaped($0.text)): \(escaped($0.remedy)).</p>\n" }
      .joined()
  }

  private var steps: String {
    guard !report.steps.isEmpty else { return "" }
    let items = report.steps.map { "<li>\(escaped($0))</li>" }.joined()
    return section("What was done, on calibration samples", "<ol>\(items)</ol>")
  }

  private var accuracy: String {
    guard let accuracy = report.accuracy else {
      return section(
        "Accuracy", "<p>Not measured: give labelled samples with <code>--validate</code>.</p>")
    }
    var body =
      "<p>\(accuracy.samples) samples, the float model against the file run by the runtime.</p>"
    if let reference = accuracy.reference, let converted = accuracy.converted,
      let difference = accuracy.difference
    {
      body += table(
        ["", "correct", "of", "%", "95 % interval"],
        [
          [
            "float model", "\(reference.count)", "\(reference.total)", percent(reference.fraction),
            interval(reference),
          ],
          [
            "this file", "\(converted.count)", "\(converted.total)", percent(converted.fraction),
            interval(converted),
          ],
          [
            "difference", "+\(difference.gained) −\(difference.lost)", "\(difference.total)",
            signed(difference.points), "\(signed(difference.low)) … \(signed(difference.high))",
          ],
        ])
    }
    let rows = accuracy.outputs.map { output in
      [
        output.name, decibel(output.sqnr), number(output.maxDifference),
        "\(number(output.low)) … \(number(output.high))",
        (output.agreement ?? output.equality).map {
          "\(percent($0.fraction)) (\(interval($0)))"
        } ?? "",
      ]
    }
    return section(
      "Accuracy",
      body
        + table(
          ["output", "SQNR dB", "max |Δ|", "range of the reference", "same largest element, %"],
          rows))
  }

  private var memory: String {
    let m = report.memory
    let over =
      m.arenaLowerBound > 0 ? 100 * (Double(m.arenaBytes) / Double(m.arenaLowerBound) - 1) : 0
    let rows = [
      ["file", bytes(m.fileBytes), "of which weights \(bytes(m.weightBytes))"],
      ["session, one thread", bytes(m.sessionBytes), "everything a run needs besides the file"],
      [
        "arena", bytes(m.arenaBytes),
        "lower bound \(bytes(m.arenaLowerBound)), \(fixed(over, 1)) % above",
      ],
      ["state", bytes(m.stateBytes), "kept between runs"],
      ["scratch", bytes(m.scratchBytes), "for each thread"],
    ]
    return section("Memory", table(["", "bytes", ""], rows, textColumns: [0, 2]))
  }

  private var floatNodes: String {
    let reasons = report.floatReasons
    guard !reasons.isEmpty else { return "" }
    return section(
      "Nodes in float",
      table(["nodes", "why"], reasons.map { ["\($0.count)", $0.reason] }, textColumns: [1]))
  }

  private var layers: String {
    let worst = report.layers.contains { $0.sqnr != nil }
    let sorted =
      worst
      ? report.layers.sorted { ($0.sqnr ?? .infinity) < ($1.sqnr ?? .infinity) } : report.layers
    let head = [
      "node", "op", "shape", "arithmetic", "stored", "SQNR dB", "observer", "range", "clipped %",
      "rounding SQNR dB",
      "max/p99.99", "shared by", "weights",
    ]
    let rows = sorted.map { layer in
      "<tr class=\"\(layer.precision)\">"
        + cells(of: layer).enumerated().map { index, cell in
          index < 5 ? "<td class=\"t\">\(cell)</td>" : "<td>\(cell)</td>"
        }.joined() + "</tr>\n"
    }
    let heads = head.enumerated().map { $0 < 5 ? "<th class=\"t\">\($1)</th>" : "<th>\($1)</th>" }
    let order = worst ? "worst first" : "in order of execution"
    return section(
      "Layers, \(order)",
      "<div class=\"wide\"><table><thead><tr>\(heads.joined())</tr></thead><tbody>\n\(rows.joined())</tbody></table></div>"
    )
  }

  private func cells(of layer: ConversionReport.Layer) -> [String] {
    var arithmetic = layer.reason.isEmpty ? layer.precision : "\(layer.precision): \(layer.reason)"
    if let blocks = layer.blocks {
      arithmetic += ", 4x\(blocks.outputs) blocks, \(fixed(100 * blocks.density, 0)) % kept"
    }
    var cells = [layer.name, layer.op, layer.shape, arithmetic, layer.stored].map(escaped)
    cells.append(layer.sqnr.map { bar($0) } ?? "")
    if let range = layer.range {
      cells += [
        escaped(range.observer), "\(number(Double(range.low))) … \(number(Double(range.high)))",
        fixed(100 * range.clipped, 4), decibel(range.expectedSQNR), fixed(range.outlierRatio, 1),
        range.sharedBy > 1 ? "\(range.sharedBy)" : "",
      ]
    } else {
      cells += Array(repeating: "", count: 6)
    }
    cells.append(layer.weightBytes > 0 ? bytes(layer.weightBytes) : "")
    return cells
  }

  private var provenance: String {
    var pairs = [
      ("source", report.source), ("source SHA-256", report.sourceSHA256), ("output", report.output),
    ]
    for (title, data) in [("calibration", report.calibration), ("validation", report.validation)] {
      guard let data else { continue }
      pairs += [
        (title, "\(data.path), \(data.samples) samples"), ("\(title) SHA-256", data.sha256),
      ]
    }
    pairs += report.options.sorted { $0.key < $1.key }.map { ("--\($0.key)", $0.value) }
    let body = pairs.map { "<dt>\(escaped($0.0))</dt><dd>\(escaped($0.1))</dd>" }.joined(
      separator: "\n")
    return section("Provenance", "<dl>\(body)</dl>")
  }

  // MARK: Words

  private func section(_ title: String, _ body: String) -> String { "<h2>\(title)</h2>\n\(body)\n" }

  private func table(_ head: [String], _ rows: [[String]], textColumns: Set<Int> = [0]) -> String {
    func line(_ tag: String, _ cells: [String]) -> String {
      "<tr>"
        + cells.enumerated().map { index, cell in
          "<\(tag)\(textColumns.contains(index) ? " class=\"t\"" : "")>\(escaped(cell))</\(tag)>"
        }.joined() + "</tr>"
    }
    return
      "<div class=\"wide\"><table>\(line("th", head))\(rows.map { line("td", $0) }.joined(separator: "\n"))</table></div>"
  }

  private func bar(_ sqnr: Double) -> String {
    let width = Swift.max(1, Swift.min(60, Int(sqnr)))
    return
      "<span class=\"bar\(sqnr < 15 ? " low" : "")\" style=\"width:\(width)px\"></span>\(fixed(sqnr, 1))"
  }

  private func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }

  private func name(_ path: String) -> String { (path as NSString).lastPathComponent }
  private func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
  private func number(_ value: Double) -> String { String(format: "%.4g", value) }
  private func percent(_ value: Double) -> String { fixed(100 * value, 2) }
  private func signed(_ value: Double) -> String { String(format: "%+.2f", value) }
  private func decibel(_ value: Double?) -> String { value.map { fixed($0, 1) } ?? "exact" }
  private func interval(_ p: Proportion) -> String { "\(percent(p.low)) … \(percent(p.high))" }
  private func bytes(_ count: Int) -> String { ByteText.grouped(count) }
}

/// Numbers of bytes as people read them.
enum ByteText {
  /// Digits in groups of three.
  static func grouped(_ count: Int) -> String {
    var digits = String(count)
    var groups: [String] = []
    while digits.count > 3 {
      groups.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + groups).joined(separator: " ")
  }
}
