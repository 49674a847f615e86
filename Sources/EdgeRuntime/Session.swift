import CEdgeHost
import CEdgeKernels
import EdgeFormat

/// Memory and progress of running one model: a value that lives at the start of the session's one
/// memory block.
///
/// The block holds, in this order and each 64-byte aligned: this value, the cancel flag, a view per
/// tensor, values of symbols and expressions, profile counters per node, state tensors, the arena
/// (and `EDGE_OVERREAD` bytes that kernels may read), scratch per thread, the worker pool.
public struct Session {
  public let model: Model
  public let threads: Int
  let kernels: UnsafePointer<edge_kernels>
  let slots: UnsafeMutablePointer<TensorSlot>
  let sizes: UnsafeMutablePointer<Int>
  let profile: UnsafeMutablePointer<ProfileCounter>
  let state: UnsafeMutableRawPointer
  let scratch: UnsafeMutableRawPointer
  let pool: OpaquePointer?
  /// Non-zero asks the run in progress to stop; atomic, through `edge_host_flag_*`.
  let cancelFlag: UnsafeMutablePointer<UInt32>
  var isProfiling = false
  /// Whether outputs hold the result of a run on the inputs' sizes of now.
  public internal(set) var hasRun = false
  /// Whether counters have values that the views do not show yet.
  var countersHaveMoved = false
  /// Whether every node has been checked at the sizes that the views show.
  var areNodesChecked = true
  /// Nanoseconds that a unit of cost took in runs with a budget; 0 before the first.
  var pace: Float = 0
  /// How much longer than predicted a stretch of a plan may take.
  var drift: Float = 1
  /// The block when the library allocated it, for `close`.
  let owned: UnsafeMutableRawPointer?

  /// Time spent in one node.
  struct ProfileCounter {
    var calls: UInt64
    var nanoseconds: UInt64
  }

  /// Where the parts of the block begin.
  struct Layout {
    var flag = 0
    var slots = 0
    var sizes = 0
    var profile = 0
    var state = 0
    var arena = 0
    var scratch = 0
    var pool = 0
    var total = 0

    init(model: Model, threads: Int) {
      var end = 0
      func part(_ bytes: Int) -> Int {
        let start = end
        end += (bytes + 63) & ~63
        return start
      }
      _ = part(MemoryLayout<Session>.size)
      flag = part(MemoryLayout<UInt32>.size)
      slots = part(model.tensorCount * MemoryLayout<TensorSlot>.stride)
      sizes = part((model.symbolCount + model.expressionCount) * MemoryLayout<Int>.stride)
      profile = part(model.nodeCount * MemoryLayout<ProfileCounter>.stride)
      state = part(Int(model.header.stateBytes))
      arena = part(Int(model.header.arenaBytes) + Int(EDGE_OVERREAD))
      scratch = part(model.scratchBytes * threads)
      pool = part(edge_host_pool_bytes(Int32(threads)))
      total = end
    }
  }

  /// Alignment of the block.
  public static let alignment = 64
  /// Most threads a session may have.
  public static let maxThreads = 256

  /// Exact bytes of a session's block.
  /// - Throws: `invalidArgument` for more than `maxThreads`.
  public static func memoryBytes(of model: Model, threads: Int) throws(EdgeError) -> Int {
    Layout(model: model, threads: try threadCount(threads)).total
  }

  /// Threads of a session that is asked for so many: 0 means 1.
  private static func threadCount(_ asked: Int) throws(EdgeError) -> Int {
    guard asked <= maxThreads else {
      throw EdgeError(
        .invalidArgument, "%0 threads asked for, at most %1 are allowed", asked, maxThreads)
    }
    return max(1, asked)
  }

  /// Opens a session in the caller's memory, or in one allocation when `memory` is nil.
  /// - Parameters:
  ///   - model: outlives the session.
  ///   - threads: 1 runs on the calling thread alone.
  ///   - memory: 64-byte aligned, outlives the session.
  ///   - memoryBytes: its size.
  ///   - kernels: the kernel table; the best of this CPU by default.
  /// - Returns: the session, at the start of the block.
  public static func open(
    _ model: Model, threads: Int, memory: UnsafeMutableRawPointer? = nil, memoryBytes: Int = 0,
    kernels: UnsafePointer<edge_kernels> = edge_kernels_select()
  ) throws(EdgeError) -> UnsafeMutablePointer<Session> {
    let threads = try threadCount(threads)
    guard edge_kernels_can_run(kernels) != 0 else {
      throw EdgeError(
        .featureUnsupported,
        "this build of the library is for one instruction set, which this CPU lacks: take the whole library"
      )
    }
    let layout = Layout(model: model, threads: threads)
    if let memory {
      guard Int(bitPattern: memory) % alignment == 0 else {
        throw EdgeError(
          .memoryMisaligned, "session memory must start at a multiple of %0", alignment)
      }
      guard memoryBytes >= layout.total else {
        throw EdgeError(
          .memoryTooSmall,
          "the session needs %0 bytes with %1 threads, %2 were given: ask edgert_session_memory",
          layout.total, threads, memoryBytes)
      }
    }
    guard let block = memory ?? edge_host_allocate(layout.total) else {
      throw EdgeError(.outOfMemory, "no memory for a session of %0 bytes", layout.total)
    }
    let pool = threads > 1 ? edge_host_pool_start(block + layout.pool, Int32(threads)) : nil
    if threads > 1 && pool == nil {
      if memory == nil { edge_host_free(block) }
      throw EdgeError(.outOfMemory, "could not start %0 worker threads: ask for fewer", threads - 1)
    }
    let session = block.bindMemory(to: Session.self, capacity: 1)
    session.initialize(
      to: Session(
        model: model, threads: threads, kernels: kernels,
        slots: (block + layout.slots).bindMemory(to: TensorSlot.self, capacity: model.tensorCount),
        sizes: (block + layout.sizes).bindMemory(
          to: Int.self, capacity: model.symbolCount + model.expressionCount),
        profile: (block + layout.profile).bindMemory(
          to: ProfileCounter.self, capacity: model.nodeCount),
        state: block + layout.state, scratch: block + layout.scratch, pool: pool,
        cancelFlag: (block + layout.flag).bindMemory(to: UInt32.self, capacity: 1),
        owned: memory == nil ? block : nil))
    for index in 0..<model.tensorCount {
      (session.pointee.slots + index).initialize(
        to: model.slot(index, arena: block + layout.arena, state: block + layout.state))
    }
    edge_host_flag_set(session.pointee.cancelFlag, 0)
    session.pointee.clearProfile()
    for index in 0..<model.symbolCount {
      session.pointee.sizes[index] = Int(model.symbols[index].bound)
    }
    session.pointee.resetState()
    session.pointee.clearInputs()
    return session
  }

  /// Stops the workers and frees the block if the library allocated it.
  public static func close(_ session: UnsafeMutablePointer<Session>) {
    if let pool = session.pointee.pool { edge_host_pool_stop(pool) }
    if let owned = session.pointee.owned { edge_host_free(owned) }
  }

  /// Sets state tensors to their initial values, and their counters to 0.
  public mutating func resetState() {
    resetCounters()
    for index in 0..<model.tensorCount {
      let record = model.tensors[index]
      guard record.storage == Storage.state.rawValue else { continue }
      let bytes = Int(record.bytes)
      if record.initial == TensorRecord.noInitialValue {
        let zero = record.scale != 0 ? UInt8(truncatingIfNeeded: record.zeroPoint) : 0
        (state + Int(record.offset)).initializeMemory(as: UInt8.self, repeating: zero, count: bytes)
      } else {
        (state + Int(record.offset)).copyMemory(
          from: model.weights + Int(record.initial), byteCount: bytes)
      }
    }
  }

  /// Fills inputs with zero bytes, so that a run on one that was never set gives the same
  /// everywhere.
  private func clearInputs() {
    for position in 0..<model.inputCount {
      let bytes = Int(model.inputRecord(position).bytes)
      input(position).data.initializeMemory(as: UInt8.self, repeating: 0, count: bytes)
    }
  }

  /// What nodes run with.
  var context: RunContext {
    RunContext(
      kernels: kernels, threads: threads, pool: pool, scratchBase: scratch,
      scratchStride: model.scratchBytes)
  }

  /// The view of an input at its size of now.
  public func input(_ position: Int) -> TensorView { tensor(model.inputTensor(position)) }

  /// The view of an output at the size of the last run.
  public func output(_ position: Int) -> TensorView { tensor(model.outputTensor(position)) }

  mutating func clearProfile() {
    for index in 0..<model.nodeCount {
      (profile + index).initialize(to: ProfileCounter(calls: 0, nanoseconds: 0))
    }
  }
}
