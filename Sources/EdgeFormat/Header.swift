/// The fixed header of a `.edge` file (docs/format.md, "Header").
///
/// Little-endian, 128 bytes, followed by `sectionCount` section records.
public struct Header: BitwiseCopyable, Sendable {
  /// `0x89 E D G E \r \n 0x1A` read as a little-endian integer: survives no text-mode transfer.
  public static let magic: UInt64 = 0x1A0A_0D45_4744_4589
  public static let byteCount = 128
  public static let major: UInt16 = 1
  public static let minor: UInt16 = 2
  /// Feature bits that this version understands; a file that requires another is refused.
  public static let knownFeatures: UInt64 = blockSparseFeature
  /// Some weights are block-sparse.
  public static let blockSparseFeature: UInt64 = 1
  /// Where the digest lies; it covers every byte of the file but its own 32.
  public static let digestOffset = 32
  public static let digestBytes = 32

  public var magic: UInt64 = Header.magic
  public var major: UInt16 = Header.major
  public var minor: UInt16 = Header.minor
  /// Oldest runtime that can run the file: major << 16 | minor << 8 | patch.
  public var minimumRuntime: UInt32 = 0x01_00_00
  public var requiredFeatures: UInt64 = 0
  public var fileBytes: UInt64 = 0
  public var digest0: UInt64 = 0
  public var digest1: UInt64 = 0
  public var digest2: UInt64 = 0
  public var digest3: UInt64 = 0
  /// Bytes of the arena that holds activations; a multiple of 64.
  public var arenaBytes: UInt64 = 0
  /// Largest sum of simultaneously live activations, in bytes: what no plan can beat.
  public var arenaLowerBound: UInt64 = 0
  /// Bytes of state tensors, kept between runs; a multiple of 64.
  public var stateBytes: UInt64 = 0
  /// Scratch of the hungriest node, in bytes per thread; a multiple of 64.
  public var scratchBytes: UInt64 = 0
  public var sectionCount: UInt32 = 0
  public var padding0: UInt32 = 0
  public var padding1: UInt64 = 0
  public var padding2: UInt64 = 0
  public var padding3: UInt64 = 0

  public init() {}
}
