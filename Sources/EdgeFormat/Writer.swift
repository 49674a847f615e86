/// Assembles the bytes of a `.edge` file: sections in order of their kind, 64-byte aligned, digest
/// left to the caller.
public struct Writer: Sendable {
  /// The header; `fileBytes` and `sectionCount` are filled in by `finish`.
  public var header = Header()
  private var sections: [(record: SectionRecord, bytes: [UInt8])] = []

  public init() {}

  /// Adds a section of raw bytes.
  /// - Parameters:
  ///   - kind: which section; each may be added once.
  ///   - bytes: its content.
  ///   - count: records in it, or 0.
  public mutating func add(_ kind: SectionKind, _ bytes: [UInt8], count: Int = 0) {
    var record = SectionRecord()
    record.kind = kind.rawValue
    record.flags = SectionRecord.required
    record.bytes = UInt64(bytes.count)
    record.count = UInt64(count)
    sections.append((record, bytes))
  }

  /// Adds a section of fixed-size records.
  public mutating func add<Record: BitwiseCopyable>(_ kind: SectionKind, records: [Record]) {
    var bytes: [UInt8] = []
    for record in records { Writer.append(record, to: &bytes) }
    add(kind, bytes, count: records.count)
  }

  /// The bytes of a record, appended as they lie in memory.
  public static func append<Record: BitwiseCopyable>(_ record: Record, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: record) { bytes.append(contentsOf: $0) }
  }

  /// The whole file, with a digest of zeros.
  public consuming func finish() -> [UInt8] {
    sections.sort { $0.record.kind < $1.record.kind }
    var offset = Writer.aligned(Header.byteCount + sections.count * SectionRecord.byteCount)
    for index in sections.indices {
      sections[index].record.offset = UInt64(offset)
      offset = Writer.aligned(offset + sections[index].bytes.count)
    }
    header.sectionCount = UInt32(sections.count)
    header.fileBytes = UInt64(offset)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(offset)
    Writer.append(header, to: &bytes)
    for section in sections { Writer.append(section.record, to: &bytes) }
    for section in sections {
      bytes.append(contentsOf: repeatElement(0, count: Int(section.record.offset) - bytes.count))
      bytes.append(contentsOf: section.bytes)
    }
    bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count))
    return bytes
  }

  /// The next multiple of 64.
  public static func aligned(_ bytes: Int) -> Int { (bytes + 63) & ~63 }
}
