import CEdgeHost
import EdgeFormat

extension Session {
  /// Throws `invalidArgument` for a threshold that is no number, or a criterion that the exits cannot follow.
  func check(_ options: RunOptions) throws(EdgeError) {
    guard options.exitThreshold >= 0 else {
      throw EdgeError(.invalidArgument, "the exit threshold is negative or not a number")
    }
    guard let criterion = options.criterion else { return }
    guard options.exitThreshold > 0 else {
      throw EdgeError(
        .invalidArgument, "the thresholds of the file are not of this criterion: give one with it")
    }
    var range = model.exitRange(from: 0)
    while let exit = range {
      guard let node = model.view(exit.exit, slots), Exit.suits(node, criterion) else {
        throw EdgeError(.invalidArgument, "exits of this model cannot follow this criterion")
      }
      range = model.exitRange(from: exit.end)
    }
  }

  /// Whether a run ends with the tail of an exit that it has reached.
  mutating func leaves(
    at node: NodeView, _ walk: inout RunWalk, _ options: RunOptions, _ context: RunContext,
    _ report: inout RunReport
  ) -> Bool {
    let parameters = node.parameters(as: ExitParameters.self)
    let criterion =
      options.criterion ?? ExitCriterion(rawValue: parameters.criterion) ?? .confidence
    let certainty = Exit.certainty(node, criterion, &walk.history, context)
    let threshold = options.exitThreshold > 0 ? options.exitThreshold : parameters.threshold
    let isSure = certainty >= threshold
    let isLast = options.lastExit > 0 && Int(parameters.number) >= options.lastExit
    guard isSure || isLast || isLate(at: node.index, &walk, options) else { return false }
    report.exitTaken = Int(parameters.number)
    report.isExitForced = !isSure
    report.confidence = certainty
    return true
  }

  /// Whether the run would not reach the next exit, or the end, within its budget.
  private mutating func isLate(
    at exit: Int, _ walk: inout RunWalk, _ options: RunOptions
  ) -> Bool {
    guard options.budgetNanoseconds > 0, let costs = model.costs else { return false }
    let now = Float(edge_host_nanoseconds() &- walk.start)
    learn(&walk, now, before: exit + 1)
    let ahead = exit + 1 + Int(model.exitParameters(exit).tailNodes)
    let next = model.exitRange(from: ahead)?.end ?? model.nodeCount
    predict(&walk, now, from: ahead, cost: costs.sum(ahead..<next))
    let isLate = now + safe(walk.predicted) > Float(options.budgetNanoseconds)
    if isLate { relax() }
    return isLate
  }
}

// For tools that look at exits while they step through a plan.

extension Model {
  /// The parameters of a node that is an exit; nil for another.
  public func exit(at node: Int) -> ExitParameters? {
    nodes[node].opCode == OpCode.exit.rawValue ? exitParameters(node) : nil
  }
}

extension Session {
  /// How sure the head of an exit is by a criterion, with what `history` remembers of the exits before; nil for
  /// another node, or when the exit cannot follow the criterion.
  public func certainty(
    _ node: Int, _ criterion: ExitCriterion, _ history: inout Exit.History
  ) -> Float? {
    guard let view = model.view(node, slots), view.opCode == .exit, Exit.suits(view, criterion)
    else { return nil }
    return Exit.certainty(view, criterion, &history, context)
  }
}
