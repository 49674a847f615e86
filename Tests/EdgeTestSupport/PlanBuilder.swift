import EdgeFormat

/// Assembles small `.edge` files: tensors each in a place of their own, nodes in the order they are
/// added.
public struct PlanBuilder {
  /// Free bytes behind every tensor of the arena, so that writes past an end show.
  public static let gap = 128

  private var tensors: [TensorRecord] = []
  private var nodes: [NodeRecord] = []
  private var operands: [UInt32] = []
  private var parameters: [UInt8] = []
  private var weights: [UInt8] = []
  private var inputs: [UInt32] = []
  private var outputs: [UInt32] = []
  private var symbols: [SymbolRecord] = []
  private var expressions: [ExpressionRecord] = []
  private var costs: [UInt32] = []
  private var certificates: [CertificateRecord] = []
  private var arenaBytes = 0
  private var stateBytes = 0

  /// An empty plan.
  public init() {}

  /// Adds a tensor in the arena and returns its index.
  public mutating func tensor(
    _ type: ElementType, _ dims: [Int], scale: Float = 0, zeroPoint: Int32 = 0
  ) -> Int {
    var record = PlanBuilder.record(type, dims, scale: scale, zeroPoint: zeroPoint)
    record.offset = UInt64(arenaBytes)
    arenaBytes = Writer.aligned(arenaBytes + Int(record.bytes) + PlanBuilder.gap)
    return add(record)
  }

  /// Adds a tensor that survives between runs, starting as zeros.
  public mutating func state(
    _ type: ElementType, _ dims: [Int], scale: Float = 0, zeroPoint: Int32 = 0
  ) -> Int {
    var record = PlanBuilder.record(type, dims, scale: scale, zeroPoint: zeroPoint)
    record.storage = Storage.state.rawValue
    record.offset = UInt64(stateBytes)
    stateBytes = Writer.aligned(stateBytes + Int(record.bytes) + PlanBuilder.gap)
    return add(record)
  }

  /// Adds a constant.
  public mutating func constant(
    _ type: ElementType, _ dims: [Int], bytes: [UInt8], scale: Float = 0, zeroPoint: Int32 = 0
  ) -> Int {
    var record = PlanBuilder.record(type, dims, scale: scale, zeroPoint: zeroPoint)
    record.storage = Storage.weights.rawValue
    weights += repeatElement(0, count: Writer.aligned(weights.count) - weights.count)
    record.offset = UInt64(weights.count)
    weights += bytes
    return add(record)
  }

  /// Puts a tensor where another one lies.
  public mutating func alias(_ tensor: Int, to other: Int) {
    tensors[tensor].offset = tensors[other].offset
    tensors[tensor].storage = tensors[other].storage
  }

  /// Makes tensors inputs of the model.
  public mutating func setInputs(_ indices: [Int]) { inputs = indices.map(UInt32.init) }

  /// Makes tensors outputs of the model.
  public mutating func setOutputs(_ indices: [Int]) { outputs = indices.map(UInt32.init) }

  /// Adds a node whose parameters are raw bytes; nil stands for an operand that is not there.
  public mutating func node(
    _ opCode: OpCode, inputs: [Int?], outputs: [Int], parameterBytes: [UInt8]
  ) {
    var record = NodeRecord()
    record.opCode = opCode.rawValue
    record.inputCount = UInt8(inputs.count)
    record.outputCount = UInt8(outputs.count)
    record.operandStart = UInt32(operands.count)
    record.parameterOffset = UInt32(parameters.count)
    record.parameterBytes = UInt32(parameterBytes.count)
    operands += inputs.map { $0.map(UInt32.init) ?? NodeRecord.absent }
    operands += outputs.map(UInt32.init)
    parameters += parameterBytes
    nodes.append(record)
  }

  /// Adds a node.
  public mutating func node<P: BitwiseCopyable>(
    _ opCode: OpCode, inputs: [Int?], outputs: [Int], parameters: P
  ) {
    node(opCode, inputs: inputs, outputs: outputs, parameterBytes: bytes(of: parameters))
  }

  /// Lets the caller choose the size of an input's axis below its bound; returns the size's
  /// expression.
  public mutating func symbol(input position: Int, axis: Int) -> Int {
    var symbol = SymbolRecord()
    symbol.input = UInt32(position)
    symbol.axis = UInt16(axis)
    symbol.bound = Int32(tensors[Int(inputs[position])].dimension(axis))
    symbols.append(symbol)
    let size = expression(.symbol, symbols.count - 1, 0)
    setSize(of: Int(inputs[position]), axis: axis, to: size)
    return size
  }

  /// Lets a node set the size of an axis of a tensor that it writes; returns the size's expression.
  public mutating func foundSize(node: Int, tensor: Int, axis: Int) -> Int {
    var symbol = SymbolRecord()
    symbol.input = UInt32(node)
    symbol.source = SizeSource.node.rawValue
    symbol.axis = UInt16(axis)
    symbol.bound = Int32(tensors[tensor].dimension(axis))
    symbols.append(symbol)
    let size = expression(.symbol, symbols.count - 1, 0)
    setSize(of: tensor, axis: axis, to: size)
    return size
  }

  /// Adds a size that the session counts, from 0; returns the size's expression.
  public mutating func counter(bound: Int) -> Int {
    var symbol = SymbolRecord()
    symbol.source = SizeSource.counter.rawValue
    symbol.bound = Int32(bound)
    symbols.append(symbol)
    let size = expression(.symbol, symbols.count - 1, 0)
    symbols[symbols.count - 1].input = UInt32(size)
    return size
  }

  /// Lets the counter added last take the value of an expression after each run.
  public mutating func setNextCount(_ expression: Int) {
    symbols[symbols.count - 1].input = UInt32(expression)
  }

  /// Adds a step of the sizes' computation; returns its index.
  public mutating func expression(_ kind: ExpressionKind, _ left: Int, _ right: Int) -> Int {
    var record = ExpressionRecord()
    record.kind = kind.rawValue
    record.left = Int32(left)
    record.right = Int32(right)
    expressions.append(record)
    return expressions.count - 1
  }

  /// Makes an axis as large as an expression says.
  public mutating func setSize(of tensor: Int, axis: Int, to expression: Int) {
    tensors[tensor].dynamicAxes |= 1 << UInt32(axis)
    withUnsafeMutableBytes(of: &tensors[tensor].expressions) {
      $0.storeBytes(of: UInt16(expression + 1), toByteOffset: axis * 2, as: UInt16.self)
    }
  }

  /// States what each node costs.
  public mutating func setCosts(_ nanoseconds: [UInt32]) { costs = nanoseconds }

  /// States what was shown of the exits.
  public mutating func setCertificates(_ records: [CertificateRecord]) { certificates = records }

  /// The file; its digest is zeros.
  public func build() -> [UInt8] {
    var writer = Writer()
    writer.header.arenaBytes = UInt64(arenaBytes)
    writer.header.stateBytes = UInt64(stateBytes)
    writer.add(.tensors, records: tensors)
    writer.add(.nodes, records: nodes)
    writer.add(.operands, records: operands)
    writer.add(.parameters, parameters)
    writer.add(.weights, weights)
    writer.add(.names, [0])
    writer.add(.symbols, records: symbols)
    writer.add(.expressions, records: expressions)
    if !costs.isEmpty { writer.add(.costs, records: costs) }
    if !certificates.isEmpty { writer.add(.certificates, records: certificates) }
    var face = InterfaceRecord()
    face.inputCount = UInt32(inputs.count)
    face.outputCount = UInt32(outputs.count)
    writer.add(.interface, bytes(of: face) + bytes(of: inputs) + bytes(of: outputs))
    return writer.finish()
  }

  private mutating func add(_ record: TensorRecord) -> Int {
    tensors.append(record)
    return tensors.count - 1
  }

  private static func record(
    _ type: ElementType, _ dims: [Int], scale: Float, zeroPoint: Int32
  ) -> TensorRecord {
    var record = TensorRecord()
    record.elementType = type.rawValue
    record.rank = UInt8(dims.count)
    record.scale = scale
    record.zeroPoint = zeroPoint
    withUnsafeMutableBytes(of: &record.dims) {
      for (axis, size) in dims.enumerated() {
        $0.storeBytes(of: Int32(size), toByteOffset: axis * 4, as: Int32.self)
      }
    }
    record.bytes = UInt64(dims.reduce(type.byteCount, *))
    return record
  }
}

/// The bytes of a value as they lie in memory.
public func bytes<T: BitwiseCopyable>(of value: T) -> [UInt8] {
  withUnsafeBytes(of: value) { Array($0) }
}

/// The bytes of an array's elements.
public func bytes<T: BitwiseCopyable>(of values: [T]) -> [UInt8] {
  values.withUnsafeBytes { Array($0) }
}

/// Elements made of bytes.
public func elements<T: BitwiseCopyable>(_ bytes: [UInt8], as type: T.Type = T.self) -> [T] {
  bytes.withUnsafeBytes { buffer in
    (0..<buffer.count / MemoryLayout<T>.stride).map {
      buffer.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.stride, as: type)
    }
  }
}
