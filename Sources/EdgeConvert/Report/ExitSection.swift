import Foundation

/// The part of the report's page that shows early exits: each exit, the curve of every criterion, where runs leave.
struct ExitSection {
  private let report: ExitReport

  init(_ report: ExitReport) { self.report = report }

  private static let colours = ["#4a7fb5", "#c44", "#5a9a4a", "#d90", "#85b"]
  private static let (width, height, margin) = (460.0, 260.0, 40.0)

  /// The section's body.
  var html: String {
    let certificate =
      report.certificate.map { "<p><b>Certificate:</b> \(HTML.escaped($0.sentence)).</p>" } ?? ""
    let set = report.isValidated ? "validation samples" : "held-out calibration samples"
    let threshold =
      report.threshold.map { String(format: "from %.4g on", $0) } ?? "taken on request only"
    return """
      <p>Exits by \(report.criterion), \(threshold); \(report.samples) \(set). Cost is that of the plan's nodes over a run at full
      depth; worst case \(percent(report.worstCost)).</p>
      \(certificate)\(exits)\(curves)
      """
  }

  private var exits: String {
    var rows = report.exits.enumerated().map { index, exit in
      row([
        "\(index + 1)", exit.name, percent(exit.cost), percent(exit.head), percent(exit.agreement),
        exit.accuracy.map(percent) ?? "", bar(report.chosen.exits[index]),
      ])
    }
    rows.append(
      row([
        "end", "", percent(report.worstCost), "", percent(1),
        report.fullAccuracy.map(percent) ?? "", bar(report.chosen.exits.last ?? 0),
      ]))
    let head = ["", "after", "cost", "head", "agreement", "accuracy", "runs that leave here"]
    return table(head, rows)
  }

  private var curves: String {
    let points = report.curves.flatMap(\.points)
    let hasLabels = points.contains { $0.accuracy != nil }
    func quality(_ point: OperatingPoint) -> Double { point.accuracy ?? 1 - point.loss }
    let (low, high) = (
      points.map(quality).min() ?? 0, max(points.map(quality).max() ?? 1, report.fullAccuracy ?? 0)
    )
    func place(_ cost: Double, _ quality: Double) -> String {
      let x = ExitSection.margin + min(max(cost, 0), 1.2) / 1.2 * ExitSection.width
      let y = 10 + (high - quality) / max(high - low, 1e-9) * ExitSection.height
      return String(format: "%.1f,%.1f", x, y)
    }
    var body = ""
    var legend = ""
    for (curve, colour) in zip(report.curves, ExitSection.colours) {
      let line = curve.points.map { place($0.cost, quality($0)) }.joined(separator: " ")
      body += "<polyline points=\"\(line)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\"/>"
      legend += "<span style=\"color:\(colour)\">&#9632; \(curve.criterion)</span> "
    }
    let random =
      report.curves.first { $0.criterion == report.criterion }?.points.map {
        place($0.cost, $0.randomAccuracy ?? 1 - $0.randomLoss)
      } ?? []
    body +=
      "<polyline points=\"\(random.joined(separator: " "))\" fill=\"none\" stroke=\"#999\" stroke-dasharray=\"4\"/>"
    let chosen = place(report.chosen.cost, quality(report.chosen)).split(separator: ",")
    body += "<circle cx=\"\(chosen[0])\" cy=\"\(chosen[1])\" r=\"5\"/>"
    let (w, h) = (ExitSection.width + 60, ExitSection.height + 50)
    for cost in [0.0, 0.25, 0.5, 0.75, 1.0] {
      let x = place(cost, low).split(separator: ",")[0]
      body += "<text x=\"\(x)\" y=\"\(h - 20)\" font-size=\"11\">\(percent(cost))</text>"
    }
    body +=
      "<text x=\"0\" y=\"14\" font-size=\"11\">\(percent(high))</text><text x=\"0\" y=\"\(ExitSection.height + 10)\" font-size=\"11\">\(percent(low))</text>"
    return """
      <p>\(hasLabels ? "Accuracy" : "Answers as the whole model's") over cost: \(legend)
      <span style="color:#999">- - as many at random by \(report.criterion)</span>; the dot is the file's threshold.</p>
      <svg width="\(w)" height="\(h)" viewBox="0 0 \(w) \(h)">\(body)</svg>
      \(table(["threshold", "cost", "changed", "accuracy", "accuracy at random"], chosenCurve))
      """
  }

  private var chosenCurve: [String] {
    let points = report.curves.first { $0.criterion == report.criterion }?.points ?? []
    return points.enumerated().filter { $0.offset % 3 == 0 }.map { _, point in
      row([
        String(format: "%.4g", point.threshold), percent(point.cost), percent(point.loss),
        point.accuracy.map(percent) ?? "", point.randomAccuracy.map(percent) ?? "",
      ])
    }
  }

  // MARK: Words

  private func row(_ cells: [String]) -> String {
    "<tr>"
      + cells.map { $0.hasPrefix("<") ? "<td>\($0)</td>" : "<td>\(HTML.escaped($0))</td>" }.joined()
      + "</tr>"
  }

  private func table(_ head: [String], _ rows: [String]) -> String {
    let titles = head.map { "<th>\($0)</th>" }.joined()
    return "<table><tr>\(titles)</tr>\(rows.joined())</table>"
  }

  private func bar(_ count: Int) -> String {
    let width = 200 * count / max(report.samples, 1)
    return "<span class=\"bar\" style=\"width:\(width)px\"></span>\(count)"
  }

  private func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
}

extension PageSection {
  /// Exits, their certificate and the curve of every criterion.
  @Sendable static func exits(_ report: ConversionReport) -> PageSection? {
    report.exits.map { PageSection(title: "Early exits", body: ExitSection($0).html) }
  }
}
