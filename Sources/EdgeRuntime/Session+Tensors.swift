import CEdgeKernels
import EdgeFormat

extension Session {
  /// Copies data into an input; float data for a quantized input is quantized.
  ///
  /// On an error the session is as before.
  /// - Parameters:
  ///   - position: which input; below `inputCount`.
  ///   - type: of the data: the input's own, or float32 when the input is quantized int8.
  ///   - dims: sizes, as in the model's own axis order.
  ///   - data: dense and row-major.
  ///   - byteCount: of the data; it must be just what the sizes say.
  public mutating func setInput(
    _ position: Int, type: ElementType, rank: Int, dims: InlineArray<8, Int>,
    data: UnsafeRawPointer?, byteCount: Int
  ) throws(EdgeError) {
    let record = model.inputRecord(position)
    let name = model.name(record.name)
    let quantizes =
      type == .float32 && record.elementType == ElementType.int8.rawValue && record.scale != 0
    guard quantizes || type.rawValue == record.elementType else {
      throw EdgeError(
        .typeMismatch, "input %s has element type %0, %1 was given (EDGERT_* codes of edgert.h)",
        Int(record.elementType), Int(type.rawValue), name: name)
    }
    try checkShape(input: position, rank: rank, dims: dims)
    var count = 1
    for axis in 0..<rank { count *= dims[axis] }  // Below the bounds, whose product is checked.
    guard byteCount == count * type.byteCount else {
      throw EdgeError(
        .invalidArgument, "input %s has %0 elements of %1 bytes, but `bytes` is %2", count,
        type.byteCount, byteCount, name: name)
    }
    guard data != nil || count == 0 else {
      throw EdgeError(.invalidArgument, "data of input %s must not be NULL", name: name)
    }
    try resize(input: position, dims: dims)
    guard let data, count > 0 else { return }
    let view = input(position)
    if quantizes {
      kernels.pointee.quantize_s8(
        data.assumingMemoryBound(to: Float.self), view.int8, Int64(view.count), view.scale,
        view.zeroPoint)
    } else {
      view.data.copyMemory(from: data, byteCount: byteCount)
    }
  }

  /// Writes a tensor of real numbers as float32, dequantized if needed; `values` has room for `view.count`.
  public func readFloats(_ view: TensorView, into values: UnsafeMutablePointer<Float>)
    throws(EdgeError)
  {
    let count = view.count
    switch view.type {
    case .float32:
      values.update(from: view.float, count: count)
    case .int8 where view.scale != 0:
      kernels.pointee.dequantize_s8(view.int8, values, Int64(count), view.scale, view.zeroPoint)
    case .float16:
      let halves = view.data.assumingMemoryBound(to: Float16.self)
      for i in 0..<count { values[i] = Float(halves[i]) }
    case .int8, .bool, .uint8, .int16, .int32, .int64:
      throw EdgeError(
        .typeMismatch,
        "the output has element type %0, which is no float: read it with edgert_map_output",
        Int(view.type.rawValue))
    }
  }
}
