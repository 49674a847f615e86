import CEdgeKernels
import CEdgeRT
import EdgeRuntime

/// Opens a session on a named kernel table, for tests that compare instruction sets.
///
/// It is in the static archive only: the shared library's version script does not export it.
/// - Returns: a status; `EDGERT_OUT_OF_RANGE` when this CPU or build has no such table.
@c public func edge_testing_session_open(
  _ model: OpaquePointer?, _ isa: UnsafePointer<CChar>?, _ threads: UInt32,
  _ opened: UnsafeMutablePointer<OpaquePointer?>?
) -> Int32 {
  status(nil) { () throws(EdgeError) in
    guard let model, let isa, let opened else { throw EdgeError(.invalidArgument, "NULL") }
    guard let kernels = edge_kernels_named(isa) else {
      throw EdgeError(.outOfRange, "no such kernel table")
    }
    opened.pointee = OpaquePointer(
      try Session.open(handle(model).pointee.model, threads: Int(threads), kernels: kernels))
  }
}
