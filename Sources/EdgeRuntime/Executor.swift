import CEdgeHost
import CEdgeKernels
import EdgeFormat

/// What a run did.
public struct RunReport {
  /// The exit that the run left at, from 1; 0 when it went to the end.
  public var exitTaken = 0
  /// Whether it left there for the budget or the caller's limit, not because the head was sure; or skipped more than
  /// it would have without the budget.
  public var isExitForced = false
  /// How sure the head of that exit was.
  public var confidence: Float = 0
  /// Of the blocks that can be skipped; else stretches of the plan between exits.
  public var blocksRun = 1
  public var blocksSkipped = 0
  public var isBudgetMet = true
  public var nanoseconds: UInt64 = 0
  /// Tokens that the last elimination of the run kept; 0 without one.
  public var tokensKept = 0
}

/// What a run is asked: the fields of `edgert_run_options`.
public struct RunOptions {
  /// Whether heads are left out and the run goes to the end.
  public var isFullDepth = false
  public var budgetNanoseconds: UInt64 = 0
  /// In place of the thresholds of the file; 0 keeps them.
  public var exitThreshold: Float = 0
  /// The run leaves there at the latest, from 1; 0 for no limit.
  public var lastExit = 0
  /// In place of the criterion of the file.
  public var criterion: ExitCriterion?
  /// The blocks to skip, bit n for that of rank n, in place of as many as the file says.
  public var skipped: UInt64?
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
  /// - Throws: `invalidArgument` for options that mean nothing; `outOfRange` when a state is full, with
  ///   nothing changed; `cancelled`, or what an operator finds in the data (`outOfRange` indices,
  ///   `shapeMismatch` for a size that the plan does not hold for), with states partly updated.
  public mutating func run(_ options: RunOptions) throws(EdgeError) -> RunReport {
    try check(options)
    let isTimed = options.isTimed || options.budgetNanoseconds != 0
    let start = isTimed ? edge_host_nanoseconds() : 0
    edge_host_flag_set(cancelFlag, 0)
    try setTokens(options.isFullDepth ? allTokens : options.tokens)
    try prepareSizes()
    hasRun = false
    edge_host_pool_begin(pool)
    defer { edge_host_pool_end(pool) }
    let context = context
    var walk = RunWalk(model, options, start: start)
    var report = RunReport()
    var index = 0
    var end = model.nodeCount
    while index < end {
      if let next = walk.leftOut(at: index, model) {
        index = next
        continue
      }
      if edge_host_flag_get(cancelFlag) != 0 {
        throw EdgeError(.cancelled, "cancelled before node %0 of %1", index, model.nodeCount).at(
          node: index)
      }
      guard let node = model.view(index, slots) else { break }
      if isProfiling { try runTimed(node, context) } else { try execute(node, context) }
      index += 1
      if node.opCode == .skip { index += passed(over: node.index, &walk, options, &report) }
      guard node.opCode == .exit else { continue }
      let tail = Int(node.parameters(as: ExitParameters.self).tailNodes)
      if leaves(at: node, &walk, options, context, &report) {
        end = index + tail
      } else {
        index += tail
      }
    }
    hasRun = true
    advanceCounters()
    report.tokensKept = keptTokens(before: end)
    let blocks = model.skipCount > 0 ? model.skipCount : model.exitCount + 1
    report.blocksRun =
      report.exitTaken > 0 ? report.exitTaken : blocks - report.blocksSkipped
    report.blocksSkipped = blocks - report.blocksRun
    if isTimed {
      report.nanoseconds = edge_host_nanoseconds() &- start
      if options.budgetNanoseconds > 0, report.exitTaken == 0, !options.isFullDepth {
        learn(&walk, Float(report.nanoseconds), before: model.nodeCount)
      }
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
