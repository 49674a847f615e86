import CEdgeHost
import CEdgeKernels
import EdgeFormat

// The trust boundary: after `Model.open` returns, every count, offset, code and size in the file is
// known to be sound, and nothing is checked again but what the caller can change (sizes of dynamic
// axes, indices in data).

extension Model {
  /// Largest size of an axis, tensor or section that a file may ask for: keeps every product inside
  /// 63 bits.
  static let limit = 1 << 40

  /// Validates the bytes of a file and returns the model on them.
  /// - Parameters:
  ///   - bytes: 64-byte aligned; outlives the model.
  ///   - count: size of the file.
  ///   - skipDigest: leave out the SHA-256 check (structure is still validated).
  public static func open(
    _ bytes: UnsafeRawPointer, count: Int, skipDigest: Bool
  ) throws(EdgeError) -> Model {
    guard Int(bitPattern: bytes) % 64 == 0 else {
      throw EdgeError(
        .memoryMisaligned, "the model's bytes must start at an address that is a multiple of 64")
    }
    let reader = Reader(base: bytes, count: count)
    let header = try Model.header(reader)
    if !skipDigest { try Model.checkDigest(header, bytes, count) }
    var model = try Model.sections(reader, header)
    try model.checkTensors()
    try model.checkInterface()
    try model.checkExpressions()
    try model.checkBounds()
    try model.checkMetadata()
    try model.checkNodes()
    try model.checkSymbols()
    try model.checkExits()
    try model.checkSkips()
    try model.checkCertificates()
    return model
  }

  private static func header(_ reader: Reader) throws(EdgeError) -> Header {
    guard reader.count > 0 else {
      throw EdgeError(.notAModel, "the file is empty: convert the model again, or copy it again")
    }
    guard let magic = reader.load(0, as: UInt64.self), magic == Header.magic else {
      throw EdgeError(
        .notAModel,
        "not a .edge file (%0 bytes, wrong first bytes): make one with edgeconv convert",
        reader.count
      )
      .at(offset: 0)
    }
    guard let header = reader.load(0, as: Header.self) else {
      throw EdgeError(
        .modelCorrupt, "the file is cut off inside its header, at %0 bytes", reader.count
      )
      .at(offset: reader.count)
    }
    guard header.major == Header.major else {
      throw EdgeError(
        .versionUnsupported,
        "the file has format %0.%1, this runtime reads %2.x: convert the model with its own edgeconv",
        Int(header.major), Int(header.minor), Int(Header.major)
      ).at(offset: 8)
    }
    guard header.minimumRuntime <= runtimeVersion else {
      throw EdgeError(
        .versionUnsupported, "the file needs runtime %0.%1, this is %2.%3: update the library",
        Int(header.minimumRuntime >> 16), Int(header.minimumRuntime >> 8 & 255),
        Int(runtimeVersion >> 16), Int(runtimeVersion >> 8 & 255)
      ).at(offset: 12)
    }
    guard header.requiredFeatures & ~Header.knownFeatures == 0 else {
      throw EdgeError(
        .featureUnsupported,
        "the file requires feature bits %0 that this runtime lacks: update the library",
        Int(truncatingIfNeeded: header.requiredFeatures & ~Header.knownFeatures)
      ).at(offset: 16)
    }
    guard header.fileBytes == UInt64(reader.count) else {
      throw EdgeError(
        .modelCorrupt, "the file should have %0 bytes but has %1",
        Int(truncatingIfNeeded: header.fileBytes), reader.count
      ).at(offset: 24)
    }
    guard isSound(header.arenaBytes), isSound(header.stateBytes), isSound(header.scratchBytes)
    else {
      throw EdgeError(
        .modelCorrupt, "a memory size in the header is not a multiple of 64 below 2^40"
      ).at(offset: 64)
    }
    return header
  }

  private static func isSound(_ bytes: UInt64) -> Bool {
    bytes <= UInt64(limit) && bytes % 64 == 0
  }

  private static func checkDigest(
    _ header: Header, _ bytes: UnsafeRawPointer, _ count: Int
  ) throws(EdgeError) {
    guard
      fileDigest(bytes, count: count) == (
        header.digest0, header.digest1, header.digest2, header.digest3
      )
    else {
      throw EdgeError(
        .digestMismatch,
        "the file's bytes do not match its SHA-256: it was damaged or edited; copy it again"
      )
      .at(offset: Header.digestOffset)
    }
  }

  /// Finds the sections; a view of zero bytes stands for one that is absent.
  private static func sections(_ reader: Reader, _ header: Header) throws(EdgeError) -> Model {
    var found = InlineArray<16, Reader?>(repeating: nil)
    for index in 0..<Int(header.sectionCount) {
      let at = Header.byteCount + index * SectionRecord.byteCount
      guard let record = reader.load(at, as: SectionRecord.self) else {
        throw EdgeError(
          .modelCorrupt, "section %0 of %1 is past the end of the file", index,
          Int(header.sectionCount)
        ).at(offset: at)
      }
      guard let kind = SectionKind(rawValue: record.kind) else {
        if record.flags & SectionRecord.required == 0 { continue }
        throw EdgeError(
          .featureUnsupported,
          "the file requires section kind %0, which this runtime does not know: update the library",
          Int(record.kind)
        ).at(offset: at)
      }
      guard record.offset % 64 == 0, let part = reader.slice(record.offset, record.bytes),
        found[Int(kind.rawValue)] == nil
      else {
        throw EdgeError(
          .modelCorrupt, "section %0 is misplaced, cut off or doubled", Int(record.kind)
        )
        .at(section: kind, offset: at)
      }
      if let size = kind.recordBytes {
        guard record.count <= UInt64(limit), record.count * UInt64(size) == record.bytes else {
          throw EdgeError(
            .modelCorrupt, "section %0 has %1 bytes for %2 records", Int(record.kind),
            Int(record.bytes),
            Int(truncatingIfNeeded: record.count)
          ).at(section: kind, offset: at)
        }
      }
      found[Int(kind.rawValue)] = part
    }
    func part(_ kind: SectionKind) -> Reader {
      found[Int(kind.rawValue)] ?? Reader(base: reader.base, count: 0)
    }
    func records<R: BitwiseCopyable>(_ kind: SectionKind, _ type: R.Type) -> (UnsafePointer<R>, Int)
    {
      let part = part(kind)
      return (part.base.assumingMemoryBound(to: type), part.count / MemoryLayout<R>.stride)
    }
    let (tensors, tensorCount) = records(.tensors, TensorRecord.self)
    let (nodes, nodeCount) = records(.nodes, NodeRecord.self)
    let (operands, operandCount) = records(.operands, UInt32.self)
    let (metadata, metadataCount) = records(.metadata, MetadataRecord.self)
    let (symbols, symbolCount) = records(.symbols, SymbolRecord.self)
    let (expressions, expressionCount) = records(.expressions, ExpressionRecord.self)
    let (certificates, certificateCount) = records(.certificates, CertificateRecord.self)
    let (costs, costCount) = records(.costs, UInt32.self)
    guard costCount == 0 || costCount == nodeCount else {
      throw EdgeError(.modelCorrupt, "costs of %0 nodes, of %1", costCount, nodeCount).at(
        section: .costs)
    }
    let names = part(.names)
    let interface = part(.interface)
    guard let face = interface.load(0, as: InterfaceRecord.self), face.inputCount <= 1 << 20,
      face.outputCount <= 1 << 20,
      interface.count == InterfaceRecord.byteCount + 4
        * (Int(face.inputCount) + Int(face.outputCount))
    else {
      throw EdgeError(.modelCorrupt, "the list of inputs and outputs is missing or cut off").at(
        section: .interface)
    }
    // Kernels may read past a weight tensor, as far as the contract of edge_kernels.h says.
    let weights = part(.weights)
    guard
      weights.base + weights.count + Int(EDGE_OVERREAD) <= reader.base + reader.count
        || weights.count == 0
    else {
      throw EdgeError(
        .modelCorrupt, "the weights end less than %0 bytes before the file does", Int(EDGE_OVERREAD)
      ).at(section: .weights)
    }
    guard names.count > 0, names.load(names.count - 1, as: UInt8.self) == 0 else {
      throw EdgeError(.modelCorrupt, "the names are missing or do not end").at(section: .names)
    }
    return Model(
      bytes: reader.base, byteCount: reader.count, header: header, tensors: tensors,
      tensorCount: tensorCount,
      nodes: nodes, nodeCount: nodeCount, operands: operands, operandCount: operandCount,
      parameters: part(.parameters).base, parameterBytes: part(.parameters).count,
      weights: weights.base, weightBytes: weights.count,
      names: names.base.assumingMemoryBound(to: UInt8.self), nameBytes: names.count,
      metadata: metadata, metadataCount: metadataCount,
      interface: (interface.base + InterfaceRecord.byteCount).assumingMemoryBound(to: UInt32.self),
      inputCount: Int(face.inputCount), outputCount: Int(face.outputCount), symbols: symbols,
      symbolCount: symbolCount, expressions: expressions, expressionCount: expressionCount,
      certificates: certificates, certificateCount: certificateCount,
      costs: costCount > 0 ? costs : nil, scratchBytes: 0)
  }
}
