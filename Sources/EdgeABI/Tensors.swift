import CEdgeRT
import EdgeFormat
import EdgeRuntime

@c @implementation public func edgert_set_input(
  _ opened: OpaquePointer!, _ index: UInt32, _ tensor: UnsafePointer<edgert_tensor>!,
  _ error: UnsafeMutablePointer<edgert_error>!
) -> edgert_status {
  status(error) { () throws(EdgeError) in
    guard let opened, let tensor else {
      throw EdgeError(.invalidArgument, "session and tensor must not be NULL")
    }
    let given = try read(tensor, orDefault: edgert_tensor())
    guard index < session(opened).pointee.model.inputCount else {
      throw EdgeError(
        .outOfRange, "input %0 of %1", Int(index), session(opened).pointee.model.inputCount)
    }
    guard let type = UInt8(exactly: given.dtype).flatMap({ ElementType(rawValue: $0) }) else {
      throw EdgeError(
        .invalidArgument, "dtype %0 is not an EDGERT_* element type", Int(given.dtype))
    }
    guard given.rank <= UInt32(EDGERT_MAX_RANK) else {
      throw EdgeError(
        .invalidArgument, "rank %0, at most %1 is possible", Int(given.rank), Int(EDGERT_MAX_RANK))
    }
    var dims = InlineArray<8, Int>(repeating: 1)
    withUnsafeBytes(of: given.dims) {
      for axis in 0..<Int(given.rank) {
        dims[axis] = Int(truncatingIfNeeded: $0.load(fromByteOffset: axis * 8, as: Int64.self))
      }
    }
    try session(opened).pointee.setInput(
      Int(index), type: type, rank: Int(given.rank), dims: dims, data: given.data,
      byteCount: given.bytes)
  }
}

@c @implementation public func edgert_map_input(
  _ opened: OpaquePointer!, _ index: UInt32, _ tensor: UnsafeMutablePointer<edgert_tensor>!
) -> edgert_status {
  status(nil) { () throws(EdgeError) in
    guard let opened, let tensor else {
      throw EdgeError(.invalidArgument, "session and tensor must not be NULL")
    }
    guard index < session(opened).pointee.model.inputCount else {
      throw EdgeError(
        .outOfRange, "input %0 of %1", Int(index), session(opened).pointee.model.inputCount)
    }
    try write(describe(session(opened).pointee.input(Int(index))), to: tensor)
  }
}

@c @implementation public func edgert_map_output(
  _ opened: OpaquePointer!, _ index: UInt32, _ tensor: UnsafeMutablePointer<edgert_tensor>!
) -> edgert_status {
  status(nil) { () throws(EdgeError) in
    guard let tensor else {
      throw EdgeError(.invalidArgument, "session and tensor must not be NULL")
    }
    try write(describe(try output(opened, index)), to: tensor)
  }
}

@c @implementation public func edgert_get_output_f32(
  _ opened: OpaquePointer!, _ index: UInt32, _ values: UnsafeMutablePointer<Float>!,
  _ capacity: Int,
  _ count: UnsafeMutablePointer<Int>!
) -> edgert_status {
  status(nil) { () throws(EdgeError) in
    let view = try output(opened, index)
    count?.pointee = view.count
    guard view.count > 0 else { return }
    guard capacity >= view.count else {
      throw EdgeError(
        .memoryTooSmall, "output %0 has %1 elements, there is room for %2", Int(index), view.count,
        capacity)
    }
    guard let values else { throw EdgeError(.invalidArgument, "values must not be NULL") }
    try session(opened).pointee.readFloats(view, into: values)
  }
}

private func output(_ opened: OpaquePointer?, _ index: UInt32) throws(EdgeError) -> TensorView {
  guard let opened else { throw EdgeError(.invalidArgument, "session must not be NULL") }
  guard index < session(opened).pointee.model.outputCount else {
    throw EdgeError(
      .outOfRange, "output %0 of %1", Int(index), session(opened).pointee.model.outputCount)
  }
  guard session(opened).pointee.hasRun else {
    throw EdgeError(
      .wrongState, "there is no output before edgert_run has succeeded with the inputs now set")
  }
  return session(opened).pointee.output(Int(index))
}

private func describe(_ view: TensorView) -> edgert_tensor {
  var tensor = edgert_tensor()
  tensor.dtype = edgert_dtype(view.type.rawValue)
  tensor.rank = UInt32(view.rank)
  tensor.zero_point = view.zeroPoint
  tensor.scale = view.scale
  tensor.data = view.data
  tensor.bytes = view.count * view.type.byteCount
  withUnsafeMutableBytes(of: &tensor.dims) {
    for axis in 0..<view.rank {
      $0.storeBytes(of: Int64(view.dims[axis]), toByteOffset: axis * 8, as: Int64.self)
    }
  }
  return tensor
}
