import Foundation

/// Renders a report as one HTML page that needs nothing else: sections in the order of `HTMLPage.sections`.
public struct HTMLPage {
  /// One part of the page; nil where the report holds nothing of it.
  typealias Section = @Sendable (ConversionReport) -> PageSection?

  /// In the order of reading: what to do, how good it is, why, and what it was made from.
  static let sections: [Section] = [
    PageSection.warnings, PageSection.accuracy, PageSection.tuning, PageSection.exits,
    PageSection.tokens, PageSection.skips,
    PageSection.steps,
    PageSection.plots,
    PageSection.layers, PageSection.floatNodes, PageSection.memory, PageSection.provenance,
  ]

  private let report: ConversionReport

  public init(_ report: ConversionReport) { self.report = report }

  /// The page.
  public var text: String {
    let name = HTML.escaped((report.output as NSString).lastPathComponent)
    let source = HTML.escaped((report.source as NSString).lastPathComponent)
    let parts = HTMLPage.sections.compactMap { $0(report) }.map {
      "<section><h2>\(HTML.escaped($0.title))</h2>\n\($0.body)\n</section>\n"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(name)</title><style>\(HTMLPage.style)</style></head><body>
      <h1>\(name)</h1>
      <p>from <b>\(source)</b> by \(HTML.escaped(report.converter)): \(report.int8Count) of
      \(report.layers.count) nodes in INT8, \(HTML.bytes(report.memory.fileBytes)) bytes, a session of
      \(HTML.bytes(report.memory.sessionBytes)) bytes.</p>
      \(parts.joined())</body></html>

      """
  }

  private static let style = """
    body{font:15px/1.45 system-ui,sans-serif;max-width:1200px;margin:1.5em auto;padding:0 1em;color:#222;background:#fff}
    h1{font-size:1.5em;overflow-wrap:anywhere}h2{font-size:1.15em;margin:1.6em 0 .5em;border-bottom:1px solid #ccc}
    table{margin:.6em 0;border-collapse:collapse;font-size:13px;max-width:100%}th,td{padding:3px 8px;text-align:right;
    border-bottom:1px solid #e5e5e5;vertical-align:top}th{background:#f4f4f4;vertical-align:bottom}
    td.t,th.t{text-align:left;overflow-wrap:anywhere;min-width:6.5em}td.n{white-space:nowrap}small{color:#666;display:block;white-space:normal}tr.f32{color:#777}
    .warn{background:#fff4d6;border-left:4px solid #d90;padding:.5em 1em;margin:.5em 0;overflow-wrap:anywhere}
    pre{margin:.4em 0 0;white-space:pre-wrap;overflow-wrap:anywhere;font-size:12.5px}code{overflow-wrap:anywhere}
    .bar{display:inline-block;height:.7em;background:#4a7fb5;margin-right:.4em}.low{background:#c44}
    svg{width:100%;height:auto;font:12px system-ui,sans-serif}figure{margin:0 0 1em}figcaption{color:#555;font-size:13px}
    dl{display:grid;grid-template-columns:minmax(8em,max-content) 1fr;gap:2px 1em}dt{color:#555}dd{margin:0;overflow-wrap:anywhere}
    """
}

/// A titled part of the page; `body` is HTML.
struct PageSection {
  var title: String
  var body: String
}

/// Pieces of HTML, and numbers as people read them.
enum HTML {
  static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
  }

  /// A table of texts; columns of words are set left, others right.
  static func table(_ head: [String], _ rows: [[String]], words: Set<Int> = [0]) -> String {
    func line(_ tag: String, _ cells: [String]) -> String {
      let cells = cells.enumerated().map { index, cell in
        "<\(tag)\(words.contains(index) ? " class=\"t\"" : "")>\(escaped(cell))</\(tag)>"
      }
      return "<tr>\(cells.joined())</tr>"
    }
    return
      "<table>\(line("th", head))\(rows.map { line("td", $0) }.joined(separator: "\n"))</table>"
  }

  static func fixed(_ value: Double, _ digits: Int) -> String {
    String(format: "%.\(digits)f", value)
  }
  static func number(_ value: Double) -> String { String(format: "%.4g", value) }
  static func percent(_ value: Double) -> String { fixed(100 * value, 2) }
  static func signed(_ value: Double) -> String { String(format: "%+.2f", value) }
  static func decibel(_ value: Double?) -> String { value.map { fixed($0, 1) } ?? "exact" }
  static func interval(_ p: Proportion) -> String { "\(percent(p.low)) … \(percent(p.high))" }
  static func bytes(_ count: Int) -> String { ByteText.grouped(count) }
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
