import CEdgeKernels

extension OperatorTable {
  /// Name of the kernel that a node uses; nil when it has no kernel of its own.
  static func kernelName(
    _ node: NodeView, _ kernels: UnsafePointer<edge_kernels>
  ) -> UnsafePointer<CChar>? { nil }
}
