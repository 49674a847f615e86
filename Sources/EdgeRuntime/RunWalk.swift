import CEdgeHost
import EdgeFormat

/// Progress of one run through a plan of which it may leave parts out.
struct RunWalk {
  /// Nodes ahead that are left out.
  var omitted: Range<Int>?
  private let isFullDepth: Bool
  var history = Exit.History()
  /// The blocks to skip, bit n for that of rank n.
  let skipped: UInt64
  let start: UInt64
  /// First node whose cost is not in `spent`, and nanoseconds since `start` when the run was there.
  var stretch = 0
  var stretchStart: Float = 0
  /// Cost of the nodes that have run, in the file's units, and nanoseconds predicted for the stretch in progress.
  var spent: Float = 0
  var predicted: Float = 0

  init(_ model: Model, _ options: RunOptions, start: UInt64) {
    isFullDepth = options.isFullDepth
    omitted = isFullDepth ? model.exitRange(from: 0)?.nodes : nil
    skipped = isFullDepth ? 0 : options.skipped ?? blockMask(model.standardSkips)
    self.start = start
  }

  /// The node to go on with when the nodes from `index` on are left out.
  mutating func leftOut(at index: Int, _ model: Model) -> Int? {
    guard let range = omitted, index == range.lowerBound else { return nil }
    omitted = isFullDepth ? model.exitRange(from: range.upperBound)?.nodes : nil
    return range.upperBound
  }
}

// Predictions of time: costs in the file's table times the nanoseconds that a unit of it takes.

extension Session {
  /// Takes in that a run has come to a node: what it has spent, and how far the last prediction was off.
  mutating func learn(_ walk: inout RunWalk, _ now: Float, before node: Int) {
    guard let costs = model.costs else { return }
    if walk.stretch < node { walk.spent += costs.sum(walk.stretch..<node) }
    walk.stretch = node
    if walk.predicted > 0 {
      // Up at once, by bounded steps, down slowly: `drift` is what few predictions fall short by.
      let found = (now - walk.stretchStart) / walk.predicted
      drift += found > drift ? min((found - drift) / 2, 0.25) : (found - drift) / 64
      drift = min(max(drift, 0.5), 8)
    }
    walk.predicted = 0
    walk.stretchStart = now
    if node == model.nodeCount, walk.spent > 0 {
      let found = now / walk.spent
      pace += pace > 0 ? (found - pace) / 8 : found
    }
  }

  /// Predicts what the stretch of a plan that begins at a node takes.
  func predict(_ walk: inout RunWalk, _ now: Float, from node: Int, cost: Float) {
    walk.stretch = node
    walk.predicted = cost * pace(walk, now, ahead: cost)
  }

  /// Nanoseconds that a unit of cost takes: in this run so far, and the less of it there is, in runs before.
  func pace(_ walk: RunWalk, _ now: Float, ahead cost: Float) -> Float {
    let weight = pace > 0 ? (walk.spent + cost) / 8 : 0
    return (now + pace * weight) / max(walk.spent + weight, 1)
  }

  /// What a prediction seldom falls short of.
  func safe(_ nanoseconds: Float) -> Float { nanoseconds * drift * 1.0625 }

  /// Forgets a little of how far predictions were off, where a run goes the safe way and learns nothing.
  mutating func relax() { drift += (1 - drift) / 64 }
}

/// The first `count` blocks in the order of skipping.
public func blockMask(_ count: Int) -> UInt64 {
  count < 64 ? (1 << UInt64(max(count, 0))) - 1 : .max
}

extension UnsafePointer<UInt32> {
  /// Of elements in a range.
  func sum(_ range: Range<Int>) -> Float {
    var sum: Float = 0
    for index in range { sum += Float(self[index]) }
    return sum
  }
}
