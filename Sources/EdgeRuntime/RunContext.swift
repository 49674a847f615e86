import CEdgeHost
import CEdgeKernels

/// What a node runs with: the kernels of this CPU, scratch memory, and threads.
public struct RunContext {
  public let kernels: UnsafePointer<edge_kernels>
  public let threads: Int
  let pool: OpaquePointer?
  let scratchBase: UnsafeMutableRawPointer
  let scratchStride: Int

  /// Elementwise operations that are worth handing to another thread.
  private static let elementsPerPart = 16_384
  /// Parts for each thread: a thread that is behind leaves some to the others.
  private static let partsPerThread = 4

  /// Cuts a node's work into parts, a few for each thread, and runs them on the pool; returns when
  /// all are done.
  ///
  /// - Parameters:
  ///   - work: what a part needs to know, a trivial value; passed by address.
  ///   - units: pieces that can be computed apart; 0 does nothing.
  ///   - elements: how much there is to do, in elementwise operations; `units` when that counts it.
  ///   - body: computes one part. A literal that captures nothing, so that nothing is allocated.
  func split<Work>(
    _ work: Work, units: Int, elements: Int? = nil,
    _ body: @escaping (UnsafeRawPointer, Part) -> Void
  ) {
    withUnsafePointer(to: work) {
      run(Split(context: self, work: $0, units: units, elements: elements ?? units, body: body))
    }
  }

  @inline(never)
  private func run(_ split: consuming Split) {
    let worthwhile = split.elements / RunContext.elementsPerPart
    let most = threads > 1 ? threads &* RunContext.partsPerThread : 1
    split.parts = max(1, min(most, split.units, worthwhile))
    guard split.units > 0 else { return }
    guard split.parts > 1 else { return split.run(0, split.units, thread: 0) }
    withUnsafeMutablePointer(to: &split) {
      edge_host_pool_run(
        pool, Int32(truncatingIfNeeded: split.parts),
        { pointer, part, thread in
          guard let split = pointer?.assumingMemoryBound(to: Split.self) else { return }
          let units = split.pointee.units, parts = split.pointee.parts
          split.pointee.run(
            units * Int(part) / parts, units * (Int(part) + 1) / parts, thread: Int(thread))
        }, $0)
    }
  }
}

/// One part of a node's work: the units [begin, end), the same on every machine.
struct Part {
  let begin: Int
  let end: Int
  let kernels: UnsafePointer<edge_kernels>
  /// Scratch of the part's thread, 64-byte aligned, as large as the model's hungriest node wants.
  let scratch: UnsafeMutableRawPointer

  /// Units of the part, as elementwise kernels take them.
  var count: Int64 { Int64(end &- begin) }

  /// The units as kernels over rows take them.
  var rows: (begin: Int32, end: Int32) {
    (Int32(truncatingIfNeeded: begin), Int32(truncatingIfNeeded: end))
  }

  /// Calls `body(item, begin, end)` for the part's share of items of `units` units each.
  func forEachRun(of units: Int, _ body: (Int, Int, Int) -> Void) {
    var position = begin
    while position < end {
      let item = position / units, first = item &* units
      let last = min(end, first &+ units)
      body(item, position &- first, last &- first)
      position = last
    }
  }
}

/// Work on its way to the pool.
private struct Split {
  let context: RunContext
  let work: UnsafeRawPointer
  let units: Int
  let elements: Int
  var parts = 1
  let body: (UnsafeRawPointer, Part) -> Void

  /// Computes units [begin, end) with a thread's scratch.
  func run(_ begin: Int, _ end: Int, thread: Int) {
    body(
      work,
      Part(
        begin: begin, end: end, kernels: context.kernels,
        scratch: context.scratchBase + thread * context.scratchStride))
  }
}
