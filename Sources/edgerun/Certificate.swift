import CEdgeHost
import EdgeFormat
import EdgeSamples

/// What was shown of a model's early exits or skips, as its file says.
struct Certificate {
  private let record: CertificateRecord

  /// The certificates of a file that the library has opened.
  static func all(in path: String) -> [Certificate] {
    var bytes: UnsafeRawPointer?
    var size = 0
    guard edge_host_map_file(path, &bytes, &size) == 0, let bytes else { return [] }
    defer { edge_host_unmap_file(bytes, size) }
    let file = Reader(base: bytes, count: size)
    guard let header = file.load(0, as: Header.self) else { return [] }
    for index in 0..<Int(header.sectionCount) {
      let offset = Header.byteCount + index * SectionRecord.byteCount
      guard let section = file.load(offset, as: SectionRecord.self),
        section.kind == SectionKind.certificates.rawValue
      else { continue }
      return (0..<Int(section.count)).compactMap {
        file.load(
          Int(section.offset) + $0 * CertificateRecord.byteCount, as: CertificateRecord.self
        ).map { Certificate(record: $0) }
      }
    }
    return []
  }

  /// What it guarantees.
  var sentence: String {
    func percent(_ value: Float) -> String { numberText(100 * Double(value), digits: 4) + " %" }
    return "with " + percent(record.confidence) + " confidence at most " + percent(record.risk)
      + " of answers differ from the whole model's, for inputs like the " + String(record.samples)
      + " samples it was tested on (" + percent(record.disagreement) + " found; "
      + way + ", " + percent(record.saved) + " of the cost saved; samples " + digest + ")"
  }

  /// What runs leave out.
  private var way: String {
    let number = numberText(Double(record.threshold), digits: 4)
    if record.criterion == CertificateRecord.ofTokens { return number + " of the tokens kept" }
    if record.criterion == 0 { return number + " blocks skipped" }
    return ExitCriterionName.of(record.criterion) + " from " + number
  }

  /// The first 12 hexadecimal digits of the samples' SHA-256.
  private var digest: String {
    hexText((0..<6).map { UInt8(truncatingIfNeeded: record.data0 >> (8 * UInt64($0))) }[...])
  }
}

/// Names of the ways in which exits measure certainty.
enum ExitCriterionName {
  private static let all = ["confidence", "margin", "entropy", "patience", "q-exit"]

  /// The name of an `EDGERT_EXIT_*` number.
  static func of(_ code: Int32) -> String {
    let index = Int(code) - 1
    return all.indices.contains(index) ? all[index] : "?"
  }

  /// The number of a name; nil for another word.
  static func code(_ name: String) -> Int32? {
    all.firstIndex { Text.equal($0, name) }.map { Int32($0 + 1) }
  }

  /// All of them, for messages.
  static var list: String { "confidence, margin, entropy, patience or q-exit" }
}
