import CEdgeRT
import EdgeRuntime

// How Swift errors and the caller's versioned structs cross the C boundary.

/// Runs a body and turns what it throws into a status and, when the caller gave one, a filled-in
/// error struct.
func status(
  _ error: UnsafeMutablePointer<edgert_error>?, _ body: () throws(EdgeError) -> Void
) -> edgert_status {
  do throws(EdgeError) {
    try body()
    return EDGERT_OK
  } catch let failure {
    if let error { fill(error, from: failure) }
    return failure.code.rawValue
  }
}

private func fill(_ error: UnsafeMutablePointer<edgert_error>, from failure: EdgeError) {
  var detail = edgert_error()
  detail.status = failure.code.rawValue
  detail.section = failure.section
  detail.node = failure.node
  detail.offset = failure.offset
  withUnsafeMutableBytes(of: &detail.message) { failure.write(to: $0.bindMemory(to: UInt8.self)) }
  // A caller without struct_size gets nothing; its status still tells.
  try? write(detail, to: error)
}

/// A caller's option struct, cut or extended with defaults to this version's size; the defaults
/// when it is NULL.
/// - Throws: `invalidArgument` when `struct_size` is not set.
func read<Struct: BitwiseCopyable>(
  _ pointer: UnsafePointer<Struct>?, orDefault value: Struct
) throws(EdgeError) -> Struct {
  guard let pointer else { return value }
  let size = try structSize(pointer)
  var value = value
  withUnsafeMutableBytes(of: &value) {
    $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: min(size, $0.count)))
  }
  return value
}

/// Fills a caller's struct as far as its `struct_size` reaches; the size itself is kept.
/// - Throws: `invalidArgument` when `struct_size` is not set.
func write<Struct: BitwiseCopyable>(
  _ value: Struct, to pointer: UnsafeMutablePointer<Struct>
) throws(EdgeError) {
  let size = try structSize(pointer)
  let head = MemoryLayout<UInt32>.size
  withUnsafeBytes(of: value) {
    let count = min(size, $0.count) - head
    if count > 0, let base = $0.baseAddress {
      (UnsafeMutableRawPointer(pointer) + head).copyMemory(from: base + head, byteCount: count)
    }
  }
}

func structSize<Struct>(_ pointer: UnsafePointer<Struct>) throws(EdgeError) -> Int {
  let size = Int(UnsafeRawPointer(pointer).load(as: UInt32.self))
  guard size >= MemoryLayout<UInt32>.size else {
    throw EdgeError(.invalidArgument, "struct_size is not set: struct_size = sizeof(the struct)")
  }
  return size
}

func structSize<Struct>(_ pointer: UnsafeMutablePointer<Struct>) throws(EdgeError) -> Int {
  try structSize(UnsafePointer(pointer))
}
