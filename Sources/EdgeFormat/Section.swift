/// Sections of a `.edge` file.
///
/// A reader ignores sections it does not know unless they are marked required.
public enum SectionKind: UInt32, CaseIterable, Sendable {
  case tensors = 1
  case nodes = 2
  case operands = 3
  case parameters = 4
  case weights = 5
  case names = 6
  case metadata = 7
  case interface = 8
  case symbols = 9
  case expressions = 10
  case certificates = 11
  case costs = 12
}

/// One entry of the section table, 32 bytes.
///
/// `offset` is from the start of the file and a multiple of 64.
public struct SectionRecord: BitwiseCopyable, Sendable {
  public static let byteCount = 32
  /// Bit of `flags`: a reader that does not know this section must refuse the file.
  public static let required: UInt32 = 1

  public var kind: UInt32 = 0
  public var flags: UInt32 = 0
  public var offset: UInt64 = 0
  public var bytes: UInt64 = 0
  /// Records in the section; 0 for plain bytes.
  public var count: UInt64 = 0

  public init() {}
}

extension SectionKind {
  /// Size of one record; nil for sections of plain bytes.
  public var recordBytes: Int? {
    switch self {
    case .tensors: TensorRecord.byteCount
    case .nodes: NodeRecord.byteCount
    case .operands: 4
    case .metadata: MetadataRecord.byteCount
    case .symbols: SymbolRecord.byteCount
    case .expressions: ExpressionRecord.byteCount
    case .certificates: CertificateRecord.byteCount
    case .costs: 4
    case .parameters, .weights, .names, .interface: nil
    }
  }
}
