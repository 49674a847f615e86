import EdgeFormat
import EdgeRuntime
import Foundation

/// What a `.edge` file holds, for people and as JSON.
public struct Inspection: Codable, Sendable {
  /// A tensor of the file.
  public struct Tensor: Codable, Sendable {
    /// Its name in the file.
    public var name: String
    /// Element type.
    public var type: String
    /// Bounds per stored axis; run-time axes are in `dynamicAxes`.
    public var dims: [Int]
    /// Axes whose size is chosen at run time.
    public var dynamicAxes: [Int]
    /// arena, weights or state.
    public var storage: String
    /// Whether it is a state as a whole, and not a view of one.
    public var isState: Bool
    /// Where it begins, in bytes.
    public var offset: Int
    /// Its size in bytes.
    public var bytes: Int
    /// Absent when not quantized.
    public var scale: Float?
    /// Absent when not quantized.
    public var zeroPoint: Int?
  }

  /// A node of the plan.
  public struct Node: Codable, Sendable {
    /// Its name in the file.
    public var name: String
    /// Name of the operator.
    public var operation: String
    /// Indices into `tensors`; nil for an operand that is not there.
    public var inputs: [Int?]
    /// Indices into `tensors`.
    public var outputs: [Int]
  }

  /// A section of the file.
  public struct Section: Codable, Sendable {
    /// Name of the section.
    public var kind: String
    /// Where it begins, in bytes.
    public var offset: Int
    /// Its size in bytes.
    public var bytes: Int
    /// Records in it; 0 for plain bytes.
    public var records: Int
  }

  /// Format version.
  public var version: String
  /// Size of the file.
  public var fileBytes: Int
  /// Bytes of the arena.
  public var arenaBytes: Int
  /// What no plan can beat.
  public var arenaLowerBound: Int
  /// Bytes of state tensors.
  public var stateBytes: Int
  /// Scratch in bytes a thread.
  public var scratchBytes: Int
  /// Bytes of a session with one thread.
  public var sessionBytes: Int
  /// SHA-256 in the header, hexadecimal.
  public var digest: String
  /// Whether it is that of the content.
  public var digestMatches: Bool
  /// The section table.
  public var sections: [Section]
  /// Indices into `tensors`.
  public var inputs: [Int]
  /// Indices into `tensors`.
  public var outputs: [Int]
  /// Bounds of run-time sizes.
  public var symbols: [String: Int]
  /// Metadata entries.
  public var metadata: [String: String]
  /// Every tensor record.
  public var tensors: [Tensor]
  /// The plan, in order of execution.
  public var nodes: [Node]

  /// Reads a file.
  /// - Throws: `ConversionError.usage` when it cannot be read, or with the runtime's reason when it
  ///   is not sound.
  public init(path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ConversionError.usage("\(path): cannot be read: \(error.localizedDescription)")
    }
    try self.init(copying: data, name: path)
  }

  /// Reads the bytes of a file, wherever they lie.
  init(copying bytes: some Collection<UInt8>, name: String) throws {
    let storage = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(bytes.count, 1), alignment: 64)
    defer { storage.deallocate() }
    storage.copyBytes(from: bytes)
    try self.init(
      UnsafeRawBufferPointer(start: storage.baseAddress, count: bytes.count), name: name)
  }

  /// Reads the bytes of a file, 64-byte aligned.
  init(_ bytes: UnsafeRawBufferPointer, name: String) throws {
    guard let base = bytes.baseAddress else {
      throw ConversionError.usage("\(name): the file is empty")
    }
    let model: Model
    do throws(EdgeError) {
      model = try Model.open(base, count: bytes.count, skipDigest: true)
    } catch {
      throw ConversionError.usage("\(name): \(FileSeal.message(error))")
    }
    let file = FileReader(Reader(base: base, count: bytes.count))
    let header = model.header
    version = "\(header.major).\(header.minor)"
    fileBytes = bytes.count
    arenaBytes = Int(header.arenaBytes)
    arenaLowerBound = Int(header.arenaLowerBound)
    stateBytes = Int(header.stateBytes)
    scratchBytes = model.scratchBytes
    sessionBytes = try Session.memoryBytes(of: model, threads: 1)
    let computed = fileDigest(base, count: bytes.count)
    digestMatches = computed == (header.digest0, header.digest1, header.digest2, header.digest3)
    digest = bytes[Header.digestOffset..<(Header.digestOffset + Header.digestBytes)]
      .map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    sections = file.sections.map { record in
      Section(
        kind: SectionKind(rawValue: record.kind).map { "\($0)" } ?? "unknown \(record.kind)",
        offset: Int(record.offset), bytes: Int(record.bytes), records: Int(record.count))
    }
    tensors = file.records(.tensors, TensorRecord.self).map { file.tensor($0) }
    nodes = file.nodes()
    let interface = file.records(.interface, UInt32.self, skipping: InterfaceRecord.byteCount).map {
      Int($0)
    }
    inputs = Array(interface.prefix(model.inputCount))
    outputs = Array(interface.dropFirst(model.inputCount))
    symbols = [:]
    for record in file.records(.symbols, SymbolRecord.self) {
      symbols[file.name(record.name)] = Int(record.bound)
    }
    metadata = [:]
    for record in file.records(.metadata, MetadataRecord.self) {
      metadata[file.name(record.key)] = file.name(record.value)
    }
  }
}
