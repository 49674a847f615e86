import CEdgeHost
import CEdgeKernels

/// What a node runs with: the kernels of this CPU, scratch memory, and threads.
public struct RunContext {
  public let kernels: UnsafePointer<edge_kernels>
  public let threads: Int
  let pool: OpaquePointer?
  let scratchBase: UnsafeMutableRawPointer
  let scratchStride: Int

  /// Scratch of one thread, 64-byte aligned, as large as the model's hungriest node wants.
  public func scratch(_ thread: Int32 = 0) -> UnsafeMutableRawPointer {
    scratchBase + Int(thread) * scratchStride
  }

  /// Runs `task(job, part, thread)` for part 0..<parts on the pool; returns when all are done.
  ///
  /// The job is a value of the operator's own type, passed by address.
  public func run<Job>(_ job: Job, parts: Int, _ task: @escaping edge_host_task) {
    var job = job
    withUnsafeMutablePointer(to: &job) {
      edge_host_pool_run(pool, Int32(truncatingIfNeeded: parts), task, $0)
    }
  }

  /// How many parts to cut `units` into: one a thread, and no part below `minimum` units.
  public func parts(units: Int, minimum: Int = 1) -> Int {
    max(1, min(threads, units / max(1, minimum)))
  }
}

/// The units [begin, end) of part `part` of `parts`: even, in order, and the same on every machine.
public func share(_ units: Int, part: Int, parts: Int) -> (begin: Int, end: Int) {
  (units * part / parts, units * (part + 1) / parts)
}
