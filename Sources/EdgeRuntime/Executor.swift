import CEdgeHost
import CEdgeKernels
import EdgeFormat

/// What a run did.
///
/// This version's plans have no exits, skips or token elimination to report.
public struct RunReport {
  public var isBudgetMet = true
  public var nanoseconds: UInt64 = 0
  /// Tokens that the last elimination kept; 0 of a plan without one.
  public var tokensKept = 0
}

/// What a run is asked: the fields of `edgert_run_options` that mean something without exits.
public struct RunOptions {
  public var budgetNanoseconds: UInt64 = 0
  /// Whether the report's time is wanted: a run reads the clock only for that or for a budget.
  public var isTimed = false
  /// Of how many in `allTokens` tokens stay at each elimination; 0 for the file's default.
  public var tokens = 0

  public init() {}
}

extension Session {
  /// Runs the plan once on the inputs now set.
  ///
  /// Allocates nothing.
  /// - Throws: `outOfRange` when a state is full, with nothing changed; `cancelled`, or what an
  ///   operator finds in the data (`outOfRange` indices, `shapeMismatch` for a size that the plan
  ///   does not hold for), with states partly updated.
  public mutating func run(_ options: RunOptions) throws(EdgeError) -> RunReport {
    let isTimed = options.isTimed || options.budgetNanoseconds != 0
    let start = isTimed ? edge_host_nanoseconds() : 0
    edge_host_flag_set(cancelFlag, 0)
    try setTokens(options.tokens)
    try prepareSizes()
    hasRun = false
    edge_host_pool_begin(pool)
    defer { edge_host_pool_end(pool) }
    let context = context
    for index in 0..<model.nodeCount {
      if edge_host_flag_get(cancelFlag) != 0 {
        throw EdgeError(.cancelled, "cancelled before node %0 of %1", index, model.nodeCount).at(
          node: index)
      }
      guard let node = model.view(index, slots) else { continue }
      if isProfiling { try runTimed(node, context) } else { try execute(node, context) }
    }
    hasRun = true
    advanceCounters()
    var report = RunReport()
    report.tokensKept = keptTokens
    if isTimed {
      report.nanoseconds = edge_host_nanoseconds() &- start
      report.isBudgetMet =
        options.budgetNanoseconds == 0 || report.nanoseconds <= options.budgetNanoseconds
    }
    return report
  }

  /// Computes a node's outputs; a size that it finds becomes that of all that depends on it.
  mutating func execute(_ node: NodeView, _ context: RunContext) throws(EdgeError) {
    guard let size = try OperatorTable.run(node, context) else { return }
    try setFoundSize(size, by: node.index)
  }

  private mutating func runTimed(_ node: NodeView, _ context: RunContext) throws(EdgeError) {
    let start = edge_host_nanoseconds()
    try execute(node, context)
    profile[node.index].nanoseconds &+= edge_host_nanoseconds() &- start
    profile[node.index].calls &+= 1
  }

  /// Asks a run in progress, on another thread, to stop at its next node.
  public static func cancel(_ session: UnsafeMutablePointer<Session>) {
    edge_host_flag_set(session.pointee.cancelFlag, 1)
  }

  /// Switches per-node timing on, with counters at zero, or off.
  public mutating func setProfiling(_ isOn: Bool) {
    if isOn { clearProfile() }
    isProfiling = isOn
  }

  /// Calls and time of a node since profiling was switched on.
  public func profileEntry(_ index: Int) -> (calls: UInt64, nanoseconds: UInt64) {
    (profile[index].calls, profile[index].nanoseconds)
  }

  /// Name of the kernel that a node uses on this CPU, NUL-terminated and static.
  public func kernelName(_ index: Int) -> UnsafePointer<CChar>? {
    guard let node = model.view(index, slots) else { return nil }
    return OperatorTable.kernelName(node, kernels)
  }
}
