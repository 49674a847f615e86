import CEdgeHost
import EdgeFormat

extension Session {
  /// Decides about the block behind a skip.
  /// - Returns: how many nodes the run jumps over.
  mutating func passed(
    over skip: Int, _ walk: inout RunWalk, _ options: RunOptions, _ report: inout RunReport
  ) -> Int {
    let parameters = model.skipParameters(skip)
    let bit = UInt64(parameters.rank)
    let chosen = choice(at: skip, &walk, options)
    let block = skip + 1..<skip + 1 + Int(parameters.blockNodes)
    if chosen >> bit & 1 == 1 {
      report.blocksSkipped += 1
      if walk.skipped >> bit & 1 == 0 { report.isExitForced = true }
      walk.stretch = block.upperBound
      return block.count
    }
    let bypass = block.upperBound..<block.upperBound + Int(parameters.bypassNodes)
    walk.omitted = bypass
    if options.budgetNanoseconds > 0, let costs = model.costs { walk.spent -= costs.sum(bypass) }
    return 0
  }

  /// The blocks to skip from here on: with a budget, those that the run skips anyway and as few more of the order as
  /// let it end in time.
  private mutating func choice(
    at skip: Int, _ walk: inout RunWalk, _ options: RunOptions
  ) -> UInt64 {
    guard options.budgetNanoseconds > 0, !options.isFullDepth, let costs = model.costs else {
      return walk.skipped
    }
    let now = Float(edge_host_nanoseconds() &- walk.start)
    learn(&walk, now, before: skip + 1)
    let left = Float(options.budgetNanoseconds) - now
    var chosen = walk.skipped
    var ahead = cost(from: skip, to: model.nodeCount, chosen, costs)
    let pace = pace(walk, now, ahead: ahead)
    for count in 1...model.skipCount where safe(ahead * pace) > left {
      chosen |= blockMask(count)
      ahead = cost(from: skip, to: model.nodeCount, chosen, costs)
    }
    if chosen != walk.skipped { relax() }
    let end = model.skip(from: skip + 1) ?? model.nodeCount
    walk.predicted = cost(from: skip, to: end, chosen, costs) * pace
    return chosen
  }

  /// Cost of what runs behind a skip, before a node, when some blocks are skipped.
  private func cost(
    from skip: Int, to end: Int, _ skipped: UInt64, _ costs: UnsafePointer<UInt32>
  ) -> Float {
    var sum = costs.sum(skip + 1..<end)
    var next: Int? = skip
    while let skip = next, skip < end {
      let parameters = model.skipParameters(skip)
      let block = skip + 1 + Int(parameters.blockNodes)
      let isSkipped = skipped >> UInt64(parameters.rank) & 1 == 1
      sum -= costs.sum(
        isSkipped ? skip + 1..<block : block..<block + Int(parameters.bypassNodes))
      next = model.skip(from: skip + 1)
    }
    return sum
  }
}
