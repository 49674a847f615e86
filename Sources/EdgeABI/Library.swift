import CEdgeKernels
import CEdgeRT
import EdgeRuntime

@c @implementation public func edgert_version() -> UInt32 { Model.runtimeVersion }

@c @implementation public func edgert_status_name(_ status: edgert_status) -> UnsafePointer<CChar>!
{
  let name = StatusCode(rawValue: status)?.name ?? "unknown"
  return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
}

@c @implementation public func edgert_kernel_isa() -> UnsafePointer<CChar>! {
  edge_kernels_select().pointee.isa
}
