import EdgeFormat

/// `cast`: x → y of as many elements and any other type, as ONNX Cast: integers wrap, float to
/// integer truncates and saturates (NaN gives 0), to bool is `!= 0` (NaN is true), float to float16
/// rounds to nearest even.
enum Cast {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectSameCount(node.input(0), node.output())
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    context.split(node, units: node.output().count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      Cast.convert(node.input(0), node.output(), part.begin..<part.end)
    }
  }

  private static func convert(_ x: TensorView, _ y: TensorView, _ range: Range<Int>) {
    switch x.type {
    case .float32: for i in range { store(x.float[i], y, i) }
    case .float16: for i in range { store(Float(load(Float16.self, x, i)), y, i) }
    case .int8: for i in range { store(Int64(x.int8[i]), y, i) }
    case .uint8: for i in range { store(Int64(load(UInt8.self, x, i)), y, i) }
    case .int16: for i in range { store(Int64(load(Int16.self, x, i)), y, i) }
    case .int32: for i in range { store(Int64(x.int32[i]), y, i) }
    case .int64: for i in range { store(x.int64[i], y, i) }
    case .bool: for i in range { store(load(UInt8.self, x, i) == 0 ? 0 : 1 as Int64, y, i) }
    }
  }

  private static func load<T: BitwiseCopyable>(_ type: T.Type, _ x: TensorView, _ i: Int) -> T {
    x.data.load(fromByteOffset: i &* MemoryLayout<T>.size, as: type)
  }

  private static func store(_ value: Float, _ y: TensorView, _ i: Int) {
    switch y.type {
    case .float32: y.float[i] = value
    case .float16: y.data.storeBytes(of: Float16(value), toByteOffset: i &* 2, as: Float16.self)
    case .int8: put(saturated(value, as: Int8.self), y, i)
    case .uint8: put(saturated(value, as: UInt8.self), y, i)
    case .int16: put(saturated(value, as: Int16.self), y, i)
    case .int32: put(saturated(value, as: Int32.self), y, i)
    case .int64: put(saturated(value, as: Int64.self), y, i)
    case .bool: put(value == 0 ? 0 : 1 as UInt8, y, i)
    }
  }

  private static func store(_ value: Int64, _ y: TensorView, _ i: Int) {
    switch y.type {
    case .float32: y.float[i] = Float(value)
    // Exact in float32 wherever it does not overflow float16, so that one rounding happens.
    case .float16:
      y.data.storeBytes(of: Float16(Float(value)), toByteOffset: i &* 2, as: Float16.self)
    case .int8: put(Int8(truncatingIfNeeded: value), y, i)
    case .uint8: put(UInt8(truncatingIfNeeded: value), y, i)
    case .int16: put(Int16(truncatingIfNeeded: value), y, i)
    case .int32: put(Int32(truncatingIfNeeded: value), y, i)
    case .int64: put(value, y, i)
    case .bool: put(value == 0 ? 0 : 1 as UInt8, y, i)
    }
  }

  private static func put<T: BitwiseCopyable>(_ value: T, _ y: TensorView, _ i: Int) {
    y.data.storeBytes(of: value, toByteOffset: i &* MemoryLayout<T>.size, as: T.self)
  }

  /// The integer towards zero, or the nearest end of the type's range; 0 for NaN.
  private static func saturated<T: FixedWidthInteger>(_ value: Float, as type: T.Type) -> T {
    // Float(T.max) rounds up to a power of two for wide types, hence >=.
    if value >= Float(T.max) { return T.max }
    if value <= Float(T.min) { return T.min }
    return value.isNaN ? 0 : T(value)
  }
}
