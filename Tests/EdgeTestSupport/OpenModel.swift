import CEdgeHost
import CEdgeKernels
import EdgeFormat
import EdgeRuntime

/// A model opened from bytes, with one session; closes both at its end.
public final class OpenModel {
  /// The opened file.
  public let model: Model
  private let block: UnsafeMutableRawPointer
  private let session: UnsafeMutablePointer<Session>

  /// - Parameters:
  ///   - file: a `.edge` file whose digest need not be right.
  ///   - threads: of the session.
  ///   - kernels: name of a kernel table; nil takes this CPU's best.
  public init(_ file: [UInt8], threads: Int = 1, kernels: String? = nil) throws(EdgeError) {
    guard let block = edge_host_allocate(file.count) else {
      throw EdgeError(.outOfMemory, "no memory for the test")
    }
    file.withUnsafeBytes {
      block.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(block), byteCount: $0.count)
    }
    do throws(EdgeError) {
      model = try Model.open(block, count: file.count, skipDigest: true)
      guard let table = kernels.map({ edge_kernels_named($0) }) ?? edge_kernels_select() else {
        throw EdgeError(.invalidArgument, "this CPU has no such kernels")
      }
      session = try Session.open(model, threads: threads, kernels: table)
    } catch {
      edge_host_free(block)
      throw error
    }
    self.block = block
  }

  deinit {
    Session.close(session)
    edge_host_free(block)
  }

  /// Kernel tables that this machine can run.
  public static let kernelNames: [String] = ["scalar", "avx2", "avx512vnni", "neon", "neondot"]
    .filter {
      edge_kernels_named($0) != nil
    }

  /// Sets an input, `dims` being its bounds when left out.
  public func setInput(_ position: Int, bytes: [UInt8], dims: [Int]? = nil) throws(EdgeError) {
    let view = session.pointee.input(position)
    var sizes = InlineArray<8, Int>(repeating: 1)
    for axis in 0..<view.rank { sizes[axis] = dims?[axis] ?? view.dims[axis] }
    // The copy outlives the call that a closure, which cannot throw typed errors, would have to
    // wrap.
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 64)
    defer { copy.deallocate() }
    bytes.withUnsafeBytes { buffer in
      if let base = buffer.baseAddress { copy.copyMemory(from: base, byteCount: buffer.count) }
    }
    try session.pointee.setInput(
      position, type: view.type, rank: view.rank, dims: sizes, data: copy, byteCount: bytes.count)
  }

  /// Runs the plan as asked.
  public func run(_ options: RunOptions) throws(EdgeError) -> RunReport {
    try session.pointee.run(options)
  }

  /// Runs the plan.
  public func run() throws(EdgeError) { _ = try session.pointee.run(RunOptions()) }

  /// Sets states to their initial values.
  public func reset() { session.pointee.resetState() }

  /// The bytes of an output.
  public func output(_ position: Int = 0) -> [UInt8] {
    let view = session.pointee.output(position)
    return Array(UnsafeRawBufferPointer(start: view.data, count: view.count * view.type.byteCount))
  }

  /// Sizes of an output in the last run.
  public func outputDims(_ position: Int = 0) -> [Int] {
    let view = session.pointee.output(position)
    return (0..<view.rank).map { view.dims[$0] }
  }

  /// Name of the kernel of a node.
  public func kernelName(_ node: Int) -> String? {
    session.pointee.kernelName(node).map { String(cString: $0) }
  }

  /// The arena from an output on, to see what a run writes around it.
  public func gap(afterOutput position: Int = 0) -> UnsafeMutableRawBufferPointer {
    let view = session.pointee.output(position)
    return UnsafeMutableRawBufferPointer(
      start: view.data + view.count * view.type.byteCount, count: PlanBuilder.gap)
  }
}
