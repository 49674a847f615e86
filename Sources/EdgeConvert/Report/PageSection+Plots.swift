extension PageSection {
  /// SQNR along the network, and the arena along the plan.
  @Sendable static func plots(_ report: ConversionReport) -> PageSection? {
    var figures: [String] = []
    let sqnr = LinePlot(
      title: "SQNR of the layers' results, dB, in order of execution",
      series: [
        LinePlot.Series(
          name: "so far", color: "#4a7fb5", isLine: true,
          values: report.layers.map { capped($0.sqnr) }),
        LinePlot.Series(
          name: "alone", color: "#c44", isLine: false,
          values: report.layers.map { capped($0.sqnrAlone) }),
      ], labels: report.layers.map(\.name))
    if let svg = sqnr.svg { figures.append(svg) }
    let memory = LinePlot(
      title: "Arena bytes in use while each node of the plan runs",
      series: [
        LinePlot.Series(
          name: "in use", color: "#4a7fb5", isLine: true,
          values: report.timeline.map { Double($0.liveBytes) })
      ], labels: report.timeline.map(\.name))
    if let svg = memory.svg { figures.append(svg) }
    guard !figures.isEmpty else { return nil }
    return PageSection(title: "Along the network", body: figures.joined(separator: "\n"))
  }

  /// What is nearer than 80 dB is drawn there: float layers would press all others together.
  private static func capped(_ sqnr: Double?) -> Double? { sqnr.map { Swift.min($0, 80) } }
}
