extension PageSection {
  /// What deserves a look, with remedies; the first thing on the page.
  @Sendable static func warnings(_ report: ConversionReport) -> PageSection? {
    guard !report.warnings.isEmpty else { return nil }
    let items = report.warnings.map { warning in
      let command = warning.command.map { "<pre>\(HTML.escaped($0))</pre>" } ?? ""
      return
        "<div class=\"warn\">\(HTML.escaped(warning.text)): \(HTML.escaped(warning.remedy)).\(command)</div>\n"
    }
    return PageSection(title: "Look at this", body: items.joined())
  }

  /// What was tried and kept.
  @Sendable static func steps(_ report: ConversionReport) -> PageSection? {
    var body = ""
    if !report.steps.isEmpty {
      body += "<ol>\(report.steps.map { "<li>\(HTML.escaped($0))</li>" }.joined())</ol>"
    }
    if !report.notes.isEmpty {
      body += "<ul>\(report.notes.map { "<li>\(HTML.escaped($0))</li>" }.joined())</ul>"
    }
    if let line = report.stability?.line { body += "<p>\(HTML.escaped(line)).</p>" }
    guard !body.isEmpty else { return nil }
    return PageSection(title: "What was done, measured on calibration samples", body: body)
  }

  /// Nodes in float by reason.
  @Sendable static func floatNodes(_ report: ConversionReport) -> PageSection? {
    let reasons = report.floatReasons
    guard !reasons.isEmpty else { return nil }
    let rows = reasons.map { ["\($0.count)", $0.reason] }
    return PageSection(
      title: "Nodes in float", body: HTML.table(["nodes", "why"], rows, words: [1]))
  }
}

extension ConversionReport.Stability {
  /// In a sentence.
  var line: String {
    "Halves of the calibration samples (\(samples[0]) and \(samples[1])) give ranges that differ by "
      + "\(HTML.fixed(100 * medianDifference, 1)) % in the median and \(HTML.fixed(100 * largestDifference, 1)) % at most "
      + "('\(largestAt)'); the outputs of the two files are \(sqnr.map { "\(HTML.fixed($0, 1)) dB apart" } ?? "equal")"
  }
}
