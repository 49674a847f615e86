import EdgeFormat
import Foundation

/// What skipping blocks of a converted model does, measured on samples with the file itself.
public struct SkipReport: Codable, Sendable {
  /// A run that skips so many blocks.
  public struct Level: Codable, Sendable {
    /// The block that it skips besides those of the levels before.
    public var block: String
    /// Whether a fitted map takes the block's place; else what goes into the block does.
    public var isFitted: Bool
    /// Over that at full depth.
    public var cost: Double
    /// Mean share of answers that differ from the whole model's; 1 - cosine where it has no classes.
    public var loss: Double
    public var accuracy: Double?
    /// The loss when what goes into each block takes its place.
    public var lossOfIdentity: Double?
  }

  public var levels: [Level]
  public var samples: Int
  /// Whether the samples are those of --validate, not calibration samples.
  public var isValidated: Bool
  /// Whether losses count answers that change.
  public var countsAnswers: Bool
  public var fullAccuracy: Double?
  /// Blocks that a run skips unless it says otherwise.
  public var standard: Int
  public var certificate: CertificateText?

  private func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }

  /// A few lines, as `edgeconv convert` prints them.
  public var lines: [String] {
    var lines = levels.enumerated().map { index, level in
      "skipping \(index + 1) (\(level.block)): cost \(percent(level.cost)), "
        + (countsAnswers ? "answers changed \(percent(level.loss))" : lossText(level.loss))
        + (level.lossOfIdentity.map {
          countsAnswers ? " (\(percent($0)) without maps)" : " (\(lossText($0)) without maps)"
        } ?? "")
        + (level.accuracy.map { ", accuracy \(percent($0))" } ?? "")
    }
    let set = isValidated ? "validation" : "calibration"
    lines.append(
      "runs skip \(standard) unless they say otherwise; measured on \(samples) \(set) samples"
        + (fullAccuracy.map { ", accuracy \(percent($0)) with all blocks" } ?? ""))
    if let certificate { lines.append("certificate: \(certificate.sentence)") }
    return lines
  }

  private func lossText(_ loss: Double) -> String { String(format: "1 - cosine %.4f", loss) }

  /// The section's body.
  var html: String {
    let rows = levels.enumerated().map { index, level in
      [
        level.block, "\(index + 1)", percent(level.cost),
        countsAnswers ? percent(level.loss) : String(format: "%.4f", level.loss),
        level.lossOfIdentity.map { countsAnswers ? percent($0) : String(format: "%.4f", $0) } ?? "",
        level.accuracy.map(percent) ?? "", level.isFitted ? "map" : "identity",
      ]
    }
    let loss = countsAnswers ? "answers changed" : "1 - cosine"
    return """
      <p>Runs skip \(standard) of these blocks unless they say otherwise; \(samples) \(isValidated ? "validation" : "calibration")
      samples\(fullAccuracy.map { ", accuracy \(percent($0)) with all blocks" } ?? ""). Cost is that of the plan's nodes over a run at full depth.</p>
      \(certificate.map { "<p><b>Certificate:</b> \(HTML.escaped($0.sentence)).</p>" } ?? "")
      \(HTML.table(["block skipped next", "skipped", "cost", loss, "without maps", "accuracy", "in its place"], rows))
      """
  }
}

extension PageSection {
  /// Blocks in the order of skipping, and what each costs.
  @Sendable static func skips(_ report: ConversionReport) -> PageSection? {
    report.skips.map { PageSection(title: "Skips", body: $0.html) }
  }
}
