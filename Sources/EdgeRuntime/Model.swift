import EdgeFormat

/// An opened and validated `.edge` file: pointers into its bytes, in place.
///
/// Immutable; shared by any number of sessions.
///
/// The bytes outlive the model: they are mapped, or borrowed from the caller of
/// `edgert_model_open_memory`.
public struct Model: @unchecked Sendable {
  /// Version of this runtime, as in `EDGERT_VERSION_*`: major << 16 | minor << 8 | patch.
  public static let runtimeVersion: UInt32 = 0x01_00_00

  public let bytes: UnsafeRawPointer
  public let byteCount: Int
  public internal(set) var header: Header
  var tensors: UnsafePointer<TensorRecord>
  public internal(set) var tensorCount: Int
  var nodes: UnsafePointer<NodeRecord>
  public internal(set) var nodeCount: Int
  var operands: UnsafePointer<UInt32>
  var operandCount: Int
  var parameters: UnsafeRawPointer
  var parameterBytes: Int
  var weights: UnsafeRawPointer
  var weightBytes: Int
  var names: UnsafePointer<UInt8>
  var nameBytes: Int
  var metadata: UnsafePointer<MetadataRecord>
  var metadataCount: Int
  var interface: UnsafePointer<UInt32>
  public internal(set) var inputCount: Int
  public internal(set) var outputCount: Int
  var symbols: UnsafePointer<SymbolRecord>
  var symbolCount: Int
  var expressions: UnsafePointer<ExpressionRecord>
  var expressionCount: Int
  /// Whether a run finds sizes in data, below the bounds of symbols that nodes set.
  var hasFoundSizes = false
  /// Whether sizes grow from run to run.
  var hasCounters = false
  /// Whether an option of a run says how many tokens stay, and of how many in `allTokens` where it does not.
  var hasTokens = false
  public internal(set) var standardTokens = allTokens
  /// Early exits in the plan.
  public internal(set) var exitCount = 0
  /// Blocks of the plan that runs can skip, and how many they skip unless they say otherwise.
  public internal(set) var skipCount = 0
  public internal(set) var standardSkips = 0
  var certificates: UnsafePointer<CertificateRecord>
  /// Proofs of what the exits' thresholds risk.
  public internal(set) var certificateCount: Int
  /// What each node costs by the converter's model of the kernels, about nanoseconds; nil when the file does not say.
  var costs: UnsafePointer<UInt32>?
  /// Scratch of the hungriest node in bytes per thread, computed from the plan at validation; a
  /// multiple of 64.
  public internal(set) var scratchBytes: Int

  /// Tensor index of an input (its position in the interface).
  func inputTensor(_ position: Int) -> Int { Int(interface[position]) }

  /// Tensor index of an output.
  func outputTensor(_ position: Int) -> Int { Int(interface[inputCount + position]) }

  /// The record of an input.
  public func inputRecord(_ position: Int) -> TensorRecord { tensors[inputTensor(position)] }

  /// The record of an output.
  public func outputRecord(_ position: Int) -> TensorRecord { tensors[outputTensor(position)] }

  /// How many states a session keeps from run to run.
  public var stateCount: Int {
    var count = 0
    for index in 0..<tensorCount where isState(index) { count += 1 }
    return count
  }

  /// The record of a state, as large as a run can leave it; nil past the last.
  public func stateRecord(_ position: Int) -> TensorRecord? {
    var left = position
    for index in 0..<tensorCount where isState(index) {
      if left == 0 { return tensors[index] }
      left -= 1
    }
    return nil
  }

  private func isState(_ index: Int) -> Bool {
    tensors[index].isState != 0 && tensors[index].storage == Storage.state.rawValue
  }

  /// The record of a node.
  public func nodeRecord(_ index: Int) -> NodeRecord { nodes[index] }

  /// A NUL-terminated string of the names section.
  public func name(_ offset: UInt32) -> UnsafePointer<UInt8> { names + Int(offset) }

  /// The value of a metadata key, NUL-terminated; nil when the key is absent.
  public func metadataValue(_ key: UnsafePointer<UInt8>) -> UnsafePointer<UInt8>? {
    var low = 0
    var high = metadataCount
    while low < high {
      let middle = (low + high) / 2
      let order = compareBytes(name(metadata[middle].key), key)
      if order == 0 { return name(metadata[middle].value) }
      if order < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }

  /// A node with operands taken from a table of slots.
  func view(_ index: Int, _ slots: UnsafeMutablePointer<TensorSlot>) -> NodeView? {
    let record = nodes[index]
    guard let opCode = OpCode(rawValue: record.opCode) else { return nil }
    return NodeView(
      index: index, opCode: opCode, inputCount: Int(record.inputCount),
      outputCount: Int(record.outputCount), operands: operands + Int(record.operandStart),
      tensors: slots, parameterBase: parameters + Int(record.parameterOffset),
      parameterBytes: Int(record.parameterBytes))
  }

  /// The slot of a tensor at the bounds of its axes.
  ///
  /// `arena` and `state` are the blocks of a session.
  func slot(
    _ index: Int, arena: UnsafeMutableRawPointer, state: UnsafeMutableRawPointer
  ) -> TensorSlot {
    let record = tensors[index]
    let storage = Storage(rawValue: record.storage) ?? .arena
    let base =
      switch storage {
      case .arena: arena
      case .state: state
      case .weights: UnsafeMutableRawPointer(mutating: weights)
      }
    var dims = InlineArray<8, Int>(repeating: 1)
    for axis in 0..<Int(record.rank) { dims[axis] = record.dimension(axis) }
    return TensorSlot(
      data: base + Int(record.offset), type: ElementType(rawValue: record.elementType) ?? .float32,
      storage: storage, rank: Int(record.rank), dims: dims, scale: record.scale,
      zeroPoint: record.zeroPoint)
  }
}

/// Order of two NUL-terminated byte strings: negative, zero or positive.
func compareBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>) -> Int {
  var index = 0
  while a[index] == b[index] {
    if a[index] == 0 { return 0 }
    index += 1
  }
  return Int(a[index]) - Int(b[index])
}
