extension PageSection {
  /// Bytes of the file and of a session.
  @Sendable static func memory(_ report: ConversionReport) -> PageSection? {
    let m = report.memory
    let over =
      m.arenaLowerBound > 0 ? 100 * (Double(m.arenaBytes) / Double(m.arenaLowerBound) - 1) : 0
    let rows = [
      ["file", HTML.bytes(m.fileBytes), "of which weights \(HTML.bytes(m.weightBytes))"],
      [
        "session, one thread", HTML.bytes(m.sessionBytes),
        "everything a run needs besides the file",
      ],
      [
        "arena", HTML.bytes(m.arenaBytes),
        "lower bound \(HTML.bytes(m.arenaLowerBound)), \(HTML.fixed(over, 1)) % above",
      ],
      ["state", HTML.bytes(m.stateBytes), "kept between runs"],
      ["scratch", HTML.bytes(m.scratchBytes), "for each thread"],
    ]
    return PageSection(
      title: "Memory", body: HTML.table(["", "bytes", ""], rows, words: [0, 2]))
  }

  /// What the file was made from.
  @Sendable static func provenance(_ report: ConversionReport) -> PageSection? {
    var pairs = [
      ("source", report.source), ("source SHA-256", report.sourceSHA256),
      ("output", report.output),
    ]
    for (title, data) in [("calibration", report.calibration), ("validation", report.validation)] {
      guard let data else { continue }
      pairs += [
        (title, "\(data.path), \(data.samples) samples"), ("\(title) SHA-256", data.sha256),
      ]
    }
    pairs += report.options.sorted { $0.key < $1.key }.map { ("--\($0.key)", $0.value) }
    let body = pairs.map { "<dt>\(HTML.escaped($0.0))</dt><dd>\(HTML.escaped($0.1))</dd>" }
    return PageSection(title: "Provenance", body: "<dl>\(body.joined(separator: "\n"))</dl>")
  }
}
