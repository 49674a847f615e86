import EdgeFormat
import Foundation

/// What leaving tokens does to a converted encoder, measured on samples with the file itself.
public struct TokenReport: Codable, Sendable {
  /// Runs that keep one part of the tokens at each elimination.
  public struct Row: Codable, Sendable {
    public var part: Double
    /// Mean cost over that with all tokens, by the sizes that runs have.
    public var cost: Double
    /// Mean share of answers that differ from those with all tokens; 1 - cosine where there are no classes.
    public var loss: Double
    public var accuracy: Double?
  }

  public var rows: [Row]
  public var samples: Int
  public var isValidated: Bool
  /// Whether losses count answers that change.
  public var countsAnswers: Bool
  /// The part that stays where a run does not say.
  public var standard: Double
  public var certificate: CertificateText?

  private func cells(_ row: Row) -> [String] {
    [
      String(format: "%.2f", row.part), String(format: "%.1f %%", 100 * row.cost),
      countsAnswers ? String(format: "%.1f %%", 100 * row.loss) : String(format: "%.4f", row.loss),
      row.accuracy.map { String(format: "%.1f %%", 100 * $0) } ?? "",
    ]
  }

  private var title: String {
    "\(String(format: "%.4g", standard)) of the tokens stay where a run does not say; \(samples) "
      + "\(isValidated ? "validation" : "calibration") samples"
  }

  /// A few lines, as `edgeconv convert` prints them.
  public var lines: [String] {
    let loss = countsAnswers ? "answers changed" : "1 - cosine"
    return rows.map { row in
      let cells = cells(row)
      return "tokens \(cells[0]): cost \(cells[1]), \(loss) \(cells[2])"
        + (cells[3].isEmpty ? "" : ", accuracy \(cells[3])")
    } + [title] + (certificate.map { ["certificate: \($0.sentence)"] } ?? [])
  }

  /// The section's body.
  var html: String {
    """
    <p>\(HTML.escaped(title)). Cost is that of the plan's nodes at the sizes of each run, over that with all tokens.</p>
    \(certificate.map { "<p><b>Certificate:</b> \(HTML.escaped($0.sentence)).</p>" } ?? "")
    \(HTML.table(["tokens that stay", "cost", countsAnswers ? "answers changed" : "1 - cosine", "accuracy"], rows.map(cells)))
    """
  }
}

extension PageSection {
  /// What leaving tokens does.
  @Sendable static func tokens(_ report: ConversionReport) -> PageSection? {
    report.tokens.map { PageSection(title: "Tokens that leave", body: $0.html) }
  }
}
