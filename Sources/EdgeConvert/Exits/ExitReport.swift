import EdgeFormat
import Foundation

/// What the early exits of a converted model do, measured on samples with the file itself.
public struct ExitReport: Codable, Sendable {
  /// One exit, by itself.
  public struct Exit: Codable, Sendable {
    public var name: String
    /// Of a run that leaves there, over one at full depth.
    public var cost: Double
    /// Of its head and tail alone.
    public var head: Double
    /// Share of answers that are the whole model's.
    public var agreement: Double
    public var accuracy: Double?
  }

  /// What thresholds of one criterion do.
  public struct Curve: Codable, Sendable {
    public var criterion: String
    public var points: [OperatingPoint]
  }

  public var exits: [Exit]
  public var samples: Int
  /// Whether the samples are those of --validate, not a held-out part of --calibrate.
  public var isValidated: Bool
  public var fullAccuracy: Double?
  /// Of a run that takes no exit, over one at full depth.
  public var worstCost: Double
  public var criterion: String
  /// nil: no exit is taken unless a run asks for it.
  public var threshold: Float?
  public var certificate: CertificateText?
  public var curves: [Curve]
  public var chosen: OperatingPoint

  /// A few lines, as `edgeconv convert` prints them.
  public var lines: [String] {
    func percent(_ value: Double) -> String { String(format: "%.1f %%", 100 * value) }
    var lines = exits.enumerated().map { index, exit in
      "exit \(index + 1) (\(exit.name)): at \(percent(exit.cost)) of the cost, \(percent(exit.agreement)) of answers as at the end"
        + (exit.accuracy.map { ", accuracy \(percent($0))" } ?? "")
        + ", head \(percent(exit.head))"
    }
    let set = isValidated ? "validation" : "held-out calibration"
    var line = "exits by \(criterion) "
    line += threshold.map { String(format: "from %.4g", $0) } ?? "only where a run asks for them"
    line += ": cost \(percent(chosen.cost)), answers changed \(percent(chosen.loss))"
    if let accuracy = chosen.accuracy, let full = fullAccuracy {
      line += ", accuracy \(percent(accuracy)) instead of \(percent(full))"
    }
    line += " on \(samples) \(set) samples; worst case \(percent(worstCost))"
    lines.append(line)
    if let certificate { lines.append("certificate: \(certificate.sentence)") }
    return lines
  }
}

/// A certificate as a person reads it.
public struct CertificateText: Codable, Sendable {
  public var risk: Float
  public var confidence: Float
  public var samples: UInt32
  public var disagreement: Float
  public var pValue: Float
  public var threshold: Float
  public var criterion: String
  public var saved: Float

  init(_ record: CertificateRecord) {
    risk = record.risk
    confidence = record.confidence
    samples = record.samples
    disagreement = record.disagreement
    pValue = record.pValue
    threshold = record.threshold
    criterion =
      ExitCriterion(rawValue: record.criterion)?.name
      ?? (record.criterion == CertificateRecord.ofTokens ? "tokens" : "skips")
    saved = record.saved
  }

  /// What it guarantees.
  public var sentence: String {
    String(
      format:
        "with %.4g %% confidence at most %.4g %% of answers differ from the whole model's, for inputs like the %d "
        + "samples it was tested on (%.2f %% found; %@, %.1f %% of the cost saved)",
      100 * confidence, 100 * risk, samples, 100 * disagreement,
      way, 100 * saved)
  }

  /// What runs leave out.
  private var way: String {
    switch criterion {
    case "skips": "\(Int(threshold)) blocks skipped"
    case "tokens": String(format: "%.4g of the tokens kept", threshold)
    default: String(format: "%@ from %.4g", criterion, threshold)
    }
  }
}
