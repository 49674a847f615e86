import EdgeFormat

/// Where a tensor's bytes are, and the sizes of this run.
public struct TensorSlot {
  /// First byte; meaningless while a model is being validated.
  public var data: UnsafeMutableRawPointer
  public var type: ElementType
  public var storage: Storage
  /// Whether the sizes have changed since every node was checked at them.
  var isResized = false
  public var rank: Int
  /// Sizes of this run; 1 beyond the rank.
  public var dims: InlineArray<8, Int>
  /// 0 when not quantized.
  public var scale: Float
  public var zeroPoint: Int32
}

/// A tensor as operators see it: one of a table of slots.
public struct TensorView {
  let slot: UnsafeMutablePointer<TensorSlot>

  /// First byte; meaningless while a model is being validated.
  public var data: UnsafeMutableRawPointer { slot.pointee.data }
  public var type: ElementType { slot.pointee.type }
  public var storage: Storage { slot.pointee.storage }
  public var rank: Int { slot.pointee.rank }
  /// Sizes of this run; 1 beyond the rank.
  public var dims: InlineArray<8, Int> {
    _read { yield slot.pointee.dims }
  }
  /// 0 when not quantized.
  public var scale: Float { slot.pointee.scale }
  public var zeroPoint: Int32 { slot.pointee.zeroPoint }

  /// Elements of this run.
  @inline(never)
  public var count: Int {
    var product = 1
    for axis in 0..<rank { product &*= dims[axis] }
    return product
  }

  /// Product of the sizes of axes in a range.
  @inline(never)
  public func count(_ axes: Range<Int>) -> Int {
    var product = 1
    for axis in axes { product &*= dims[axis] }
    return product
  }

  /// Size of an axis counted from the last (0).
  public func fromLast(_ position: Int) -> Int { dims[rank - 1 - position] }

  public var int8: UnsafeMutablePointer<Int8> { data.assumingMemoryBound(to: Int8.self) }
  public var int32: UnsafeMutablePointer<Int32> { data.assumingMemoryBound(to: Int32.self) }
  public var int64: UnsafeMutablePointer<Int64> { data.assumingMemoryBound(to: Int64.self) }
  /// Whether the elements stand for real numbers by a scale.
  public var isQuantized: Bool { scale != 0 }

  /// Where the element at a position begins.
  public func element(_ position: Int) -> UnsafeMutableRawPointer {
    data + position &* type.byteCount
  }

  public var float: UnsafeMutablePointer<Float> { data.assumingMemoryBound(to: Float.self) }

  /// Whether two tensors have the same rank and sizes.
  @inline(never)
  public func hasShape(of other: TensorView) -> Bool {
    guard rank == other.rank else { return false }
    for axis in 0..<rank where dims[axis] != other.dims[axis] { return false }
    return true
  }
}

/// A node with its operands resolved: what an operator's `check`, `workspace` and `run` receive.
public struct NodeView {
  public let index: Int
  public let opCode: OpCode
  public let inputCount: Int
  public let outputCount: Int
  let operands: UnsafePointer<UInt32>
  let tensors: UnsafeMutablePointer<TensorSlot>
  let parameterBase: UnsafeRawPointer
  let parameterBytes: Int

  /// Whether an input operand is there.
  public func has(_ input: Int) -> Bool {
    input < inputCount && operands[input] != NodeRecord.absent
  }

  /// An input that is there (`check` has made sure).
  public func input(_ position: Int) -> TensorView {
    TensorView(slot: tensors + Int(operands[position]))
  }

  /// An output.
  public func output(_ position: Int = 0) -> TensorView {
    TensorView(slot: tensors + Int(operands[inputCount + position]))
  }

  /// The node's parameters (`check` has made sure that they have this type's size).
  public func parameters<P: BitwiseCopyable>(as type: P.Type) -> P {
    parameterBase.loadUnaligned(as: type)
  }

  // What follows is for `check`.

  /// Throws unless the node has this many inputs, of which the first `required` are there, and
  /// outputs.
  @inline(never)
  public func expect(inputs: Int, required: Int, outputs: Int = 1) throws(EdgeError) {
    guard inputCount == inputs, outputCount == outputs else {
      throw corrupt(
        "an operator has %0 inputs and %1 outputs, not %2 and %3", inputCount, outputCount, inputs,
        outputs)
    }
    for position in 0..<required where !has(position) {
      throw corrupt("operand %0 is missing", position)
    }
    for position in 0..<outputs where operands[inputCount + position] == NodeRecord.absent {
      throw corrupt("output %0 is missing", position)
    }
    for position in 0..<outputs where output(position).storage == .weights {
      throw corrupt("output %0 lies in the weights", position)
    }
  }

  /// Throws unless the parameters have the size of a type.
  public func expectParameters<P: BitwiseCopyable>(_ type: P.Type) throws(EdgeError) {
    guard parameterBytes == MemoryLayout<P>.size else {
      throw corrupt("the parameters have %0 bytes, not %1", parameterBytes, MemoryLayout<P>.size)
    }
  }

  /// Throws `modelCorrupt` with the text unless the condition holds.
  @inline(never)
  public func require(_ condition: Bool, _ text: StaticString) throws(EdgeError) {
    guard condition else { throw corrupt(text) }
  }

  @inline(never)
  func corrupt(
    _ text: StaticString, _ a: Int = 0, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0
  ) -> EdgeError {
    EdgeError(.modelCorrupt, text, a, b, c, d).at(section: .nodes, node: index)
  }
}
