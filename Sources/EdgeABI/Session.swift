import CEdgeRT
import EdgeFormat
import EdgeRuntime

func session(_ session: OpaquePointer) -> UnsafeMutablePointer<Session> {
  UnsafeMutablePointer<Session>(session)
}

@c @implementation public func edgert_session_memory(
  _ model: OpaquePointer!, _ options: UnsafePointer<edgert_session_options>!,
  _ bytes: UnsafeMutablePointer<Int>!, _ alignment: UnsafeMutablePointer<Int>!
) -> edgert_status {
  status(nil) { () throws(EdgeError) in
    guard let model, let bytes else {
      throw EdgeError(.invalidArgument, "model and bytes must not be NULL")
    }
    let options = try read(options, orDefault: edgert_session_options())
    bytes.pointee = try Session.memoryBytes(
      of: handle(model).pointee.model, threads: Int(options.threads))
    alignment?.pointee = Session.alignment
  }
}

@c @implementation public func edgert_session_open(
  _ model: OpaquePointer!, _ options: UnsafePointer<edgert_session_options>!,
  _ session: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<edgert_error>!
) -> edgert_status {
  status(error) { () throws(EdgeError) in
    guard let model, let session else {
      throw EdgeError(.invalidArgument, "model and session must not be NULL")
    }
    let options = try read(options, orDefault: edgert_session_options())
    let opened = try Session.open(
      handle(model).pointee.model, threads: Int(options.threads), memory: options.memory,
      memoryBytes: options.memory_bytes)
    session.pointee = OpaquePointer(opened)
  }
}

@c @implementation public func edgert_session_close(_ opened: OpaquePointer!) {
  guard let opened else { return }
  Session.close(session(opened))
}

@c @implementation public func edgert_session_reset(_ opened: OpaquePointer!) -> edgert_status {
  guard let opened else { return EDGERT_INVALID_ARGUMENT }
  session(opened).pointee.resetState()
  return EDGERT_OK
}

@c @implementation public func edgert_session_cancel(_ opened: OpaquePointer!) {
  guard let opened else { return }
  Session.cancel(session(opened))
}

@c @implementation public func edgert_run(
  _ opened: OpaquePointer!, _ options: UnsafePointer<edgert_run_options>!,
  _ report: UnsafeMutablePointer<edgert_run_report>!, _ error: UnsafeMutablePointer<edgert_error>!
) -> edgert_status {
  status(error) { () throws(EdgeError) in
    guard let opened else { throw EdgeError(.invalidArgument, "session must not be NULL") }
    if let report { _ = try structSize(report) }  // Before the run, which is not undone.
    let asked = try read(options, orDefault: edgert_run_options())
    var options = RunOptions()
    options.budgetNanoseconds = asked.budget_ns
    options.isFullDepth = asked.full_depth != 0
    options.exitThreshold = asked.exit_threshold
    options.lastExit = Int(asked.max_exit)
    options.isTimed = report != nil
    guard asked.token_keep >= 0, asked.token_keep <= 1 else {
      throw EdgeError(.invalidArgument, "token_keep must be in 0...1")
    }
    options.tokens = tokenParts(asked.token_keep)
    if asked.exit_criterion != 0 {
      guard let criterion = ExitCriterion(rawValue: asked.exit_criterion) else {
        throw EdgeError(
          .invalidArgument, "exit_criterion %0 is no EDGERT_EXIT_* criterion",
          Int(asked.exit_criterion))
      }
      options.criterion = criterion
    }
    if asked.skip_blocks != 0 { options.skipped = blockMask(Int(asked.skip_blocks)) }
    let done = try session(opened).pointee.run(options)
    guard let report else { return }
    var filled = edgert_run_report()
    filled.exit_taken = UInt32(truncatingIfNeeded: done.exitTaken)
    filled.blocks_run = UInt32(truncatingIfNeeded: done.blocksRun)
    filled.blocks_skipped = UInt32(truncatingIfNeeded: done.blocksSkipped)
    filled.confidence = done.confidence
    filled.exit_forced = done.isExitForced ? 1 : 0
    filled.budget_met = done.isBudgetMet ? 1 : 0
    filled.elapsed_ns = done.nanoseconds
    filled.tokens_kept = UInt32(done.tokensKept)
    try write(filled, to: report)
  }
}

/// A factor of tokens in parts of `allTokens`, at least one where there is a factor.
private func tokenParts(_ factor: Float) -> Int {
  factor == 0 ? 0 : max(1, Int((factor * Float(allTokens)).rounded()))
}

@c @implementation public func edgert_session_set_profiling(
  _ opened: OpaquePointer!, _ enabled: UInt32
) -> edgert_status {
  guard let opened else { return EDGERT_INVALID_ARGUMENT }
  session(opened).pointee.setProfiling(enabled != 0)
  return EDGERT_OK
}

@c @implementation public func edgert_session_profile_count(_ opened: OpaquePointer!) -> UInt32 {
  guard let opened else { return 0 }
  return UInt32(session(opened).pointee.model.nodeCount)
}

@c @implementation public func edgert_session_profile_entry(
  _ opened: OpaquePointer!, _ index: UInt32, _ entry: UnsafeMutablePointer<edgert_node_profile>!
) -> edgert_status {
  status(nil) { () throws(EdgeError) in
    guard let opened, let entry else {
      throw EdgeError(.invalidArgument, "session and entry must not be NULL")
    }
    let model = session(opened).pointee.model
    guard index < model.nodeCount else {
      throw EdgeError(.outOfRange, "node %0 of %1", Int(index), model.nodeCount)
    }
    let record = model.nodeRecord(Int(index))
    let counter = session(opened).pointee.profileEntry(Int(index))
    var filled = edgert_node_profile()
    filled.node = index
    filled.calls = counter.calls
    filled.total_ns = counter.nanoseconds
    filled.name = UnsafeRawPointer(model.name(record.name)).assumingMemoryBound(to: CChar.self)
    let op: StaticString = OpCode(rawValue: record.opCode)?.name ?? "unknown"
    filled.op = UnsafeRawPointer(op.utf8Start).assumingMemoryBound(to: CChar.self)
    filled.kernel = session(opened).pointee.kernelName(Int(index))
    try write(filled, to: entry)
  }
}
