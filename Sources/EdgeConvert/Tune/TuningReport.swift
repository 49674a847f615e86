import Foundation

/// The ways of converting that were tried, and which one was taken.
public struct TuningReport: Codable, Sendable {
  /// One way.
  public struct Row: Codable, Sendable {
    public var name: String
    /// Accuracy, agreement with the float file's classes, or mean cosine with its answers.
    public var quality: Double?
    /// Of a run on one thread of this machine, mean over samples of the least of three.
    public var milliseconds: Double?
    public var bytes: Int?
    /// Whether it loses no more than it may.
    public var isWithin = false
    /// Why the model does not suit it.
    public var refusal: String?
  }

  public var goal: String
  public var drop: Double
  public var samples: Int
  /// What quality is: accuracy, agreement or cosine.
  public var measure: String
  public var rows: [Row]
  public var chosen: String

  /// Whether no way within the drop is both faster and smaller.
  func isBest(_ row: Row) -> Bool {
    guard row.isWithin, let time = row.milliseconds, let bytes = row.bytes else { return false }
    return !rows.contains { other in
      guard other.isWithin, let otherTime = other.milliseconds, let otherBytes = other.bytes else {
        return false
      }
      return otherTime <= time && otherBytes <= bytes && (otherTime < time || otherBytes < bytes)
    }
  }

  private var head: [String] { ["way", "\(measure) %", "ms", "bytes", ""] }

  private func cells(_ row: Row) -> [String] {
    let mark =
      row.name == chosen ? "taken" : isBest(row) ? "best" : row.isWithin ? "" : "loses more"
    return [
      row.name, row.quality.map { String(format: "%.2f", 100 * $0) } ?? "",
      row.milliseconds.map { String(format: "%.3f", $0) } ?? "",
      row.bytes.map { ByteText.grouped($0) } ?? "", row.refusal ?? mark,
    ]
  }

  private var title: String {
    String(
      format:
        "tuned for %@ within %.2f points of %@ on %d validation samples, none of which certify",
      goal,
      100 * drop, measure, samples)
  }

  /// A few lines, as `edgeconv convert` prints them.
  public var lines: [String] {
    let table = [head] + rows.map(cells)
    let widths = (0..<4).map { column in table.map { $0[column].count }.max() ?? 0 }
    return [title + ":"]
      + table.map { cells in
        let padded = cells.enumerated().map { column, cell -> String in
          guard column < 4 else { return cell }
          let room = String(repeating: " ", count: widths[column] - cell.count)
          return column == 0 ? cell + room : room + cell
        }
        return "  " + padded.joined(separator: "  ").trimmingCharacters(in: .whitespaces)
      }
  }

  /// The section's body.
  var html: String {
    """
    <p>\(HTML.escaped(title.prefix(1).uppercased() + title.dropFirst())). Best: no way within the drop is both faster and smaller.</p>
    \(HTML.table(head, rows.map(cells), words: [0, 4]))
    """
  }
}

extension PageSection {
  /// The ways of converting that were tried.
  @Sendable static func tuning(_ report: ConversionReport) -> PageSection? {
    report.tuning.map { PageSection(title: "Ways tried", body: $0.html) }
  }
}
