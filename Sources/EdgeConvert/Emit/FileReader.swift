import EdgeFormat

/// The records of a `.edge` file by section, each read with a bounds check.
struct FileReader {
  let reader: Reader
  let sections: [SectionRecord]

  /// Finds the sections of a file.
  init(_ reader: Reader) {
    self.reader = reader
    let count = reader.load(0, as: Header.self).map { Int($0.sectionCount) } ?? 0
    sections = (0..<min(count, 64)).compactMap {
      reader.load(Header.byteCount + $0 * SectionRecord.byteCount, as: SectionRecord.self)
    }
  }

  /// All records of a section.
  func records<Record: BitwiseCopyable>(
    _ kind: SectionKind, _ type: Record.Type, skipping skipped: Int = 0
  ) -> [Record] {
    guard let part = part(kind) else { return [] }
    let size = MemoryLayout<Record>.size
    return (0..<max(0, part.count - skipped) / size).compactMap {
      part.load(skipped + $0 * size, as: type)
    }
  }

  private func part(_ kind: SectionKind) -> Reader? {
    sections.first { $0.kind == kind.rawValue }.flatMap { reader.slice($0.offset, $0.bytes) }
  }

  /// A string of the names section; empty when it is not there.
  func name(_ offset: UInt32) -> String {
    guard let names = part(.names), let length = names.stringLength(Int(offset)) else { return "" }
    return String(
      decoding: UnsafeRawBufferPointer(start: names.base + Int(offset), count: length),
      as: UTF8.self)
  }

  func tensor(_ record: TensorRecord) -> Inspection.Tensor {
    let axes = 0..<min(Int(record.rank), TensorRecord.maxRank)
    let isQuantized = record.scale != 0
    return Inspection.Tensor(
      name: name(record.name),
      type: ElementType(rawValue: record.elementType).map { "\($0)" } ?? "unknown",
      dims: axes.map { record.dimension($0) },
      dynamicAxes: axes.filter { record.dynamicAxes >> UInt32($0) & 1 == 1 },
      storage: Storage(rawValue: record.storage).map { "\($0)" } ?? "unknown",
      isState: record.isState != 0,
      offset: Int(record.offset),
      bytes: Int(record.bytes), scale: isQuantized ? record.scale : nil,
      zeroPoint: isQuantized ? Int(record.zeroPoint) : nil)
  }

  func nodes() -> [Inspection.Node] {
    let operands = records(.operands, UInt32.self)
    return records(.nodes, NodeRecord.self).map { record in
      let start = Int(record.operandStart)
      let end = start + Int(record.inputCount) + Int(record.outputCount)
      let own = end <= operands.count ? operands[start..<end] : []
      let indices = own.map { $0 == NodeRecord.absent ? nil : Int($0) }
      return Inspection.Node(
        name: name(record.name),
        operation: OpCode(rawValue: record.opCode).map { "\($0.name)" } ?? "unknown",
        inputs: Array(indices.prefix(Int(record.inputCount))),
        outputs: indices.dropFirst(Int(record.inputCount)).compactMap { $0 })
    }
  }
}
