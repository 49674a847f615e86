extension PageSection {
  /// The file against the float model.
  @Sendable static func accuracy(_ report: ConversionReport) -> PageSection? {
    let title = "Accuracy against the float model"
    guard let accuracy = report.accuracy else {
      let known = report.outputSQNR.map {
        " On calibration samples the outputs' SQNR is \(HTML.fixed($0, 1)) dB."
      }
      return PageSection(
        title: title,
        body:
          "<p>Not measured: give other samples, labelled if possible, with <code>--validate</code>.\(known ?? "")</p>"
      )
    }
    var body =
      "<p>\(accuracy.samples) validation samples, the float model against the file as the runtime runs it.</p>"
    if let reference = accuracy.reference, let converted = accuracy.converted,
      let difference = accuracy.difference
    {
      body += HTML.table(
        ["", "correct", "of", "%", "95 % interval"],
        [
          row("float model", reference), row("this file", converted),
          [
            "difference", "+\(difference.gained) −\(difference.lost)", "\(difference.total)",
            HTML.signed(difference.points),
            "\(HTML.signed(difference.low)) … \(HTML.signed(difference.high))",
          ],
        ])
    }
    let rows = accuracy.outputs.map { output in
      [
        output.name, HTML.decibel(output.sqnr), HTML.number(output.maxDifference),
        "\(HTML.number(output.low)) … \(HTML.number(output.high))",
        (output.agreement ?? output.equality).map {
          "\(HTML.percent($0.fraction)) (\(HTML.interval($0)))"
        } ?? "",
      ]
    }
    body += HTML.table(
      [
        "output", "SQNR dB", "max |Δ|", "range of the reference",
        "same largest element, % (95 % interval)",
      ], rows)
    return PageSection(title: title, body: body)
  }

  private static func row(_ name: String, _ p: Proportion) -> [String] {
    [name, "\(p.count)", "\(p.total)", HTML.percent(p.fraction), HTML.interval(p)]
  }
}
