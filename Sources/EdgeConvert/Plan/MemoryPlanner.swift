/// Places blocks of memory with known lifetimes into one arena.
///
/// Two blocks that live at the same time never overlap; offsets are multiples of 64. The result of
/// the best of several greedy orders is improved by moving blocks to the front of the order until
/// the lower bound is reached or a fixed effort is spent, so that equal input gives equal offsets.
struct MemoryPlanner: Sendable {
  /// A piece of storage: live from node `first` to node `last`, both included.
  struct Block: Sendable, Equatable {
    var bytes: Int
    var first: Int
    var last: Int

    /// Bytes rounded up to the alignment of the arena.
    var size: Int { (bytes + 63) & ~63 }
    var duration: Int { last - first + 1 }

    func overlaps(_ other: Block) -> Bool { first <= other.last && other.first <= last }
  }

  let blocks: [Block]
  /// Largest sum of simultaneously live sizes: no plan can be smaller.
  let lowerBound: Int
  /// Offset of each block.
  private(set) var offsets: [Int]
  /// Bytes of the arena.
  private(set) var total: Int
  private let neighbours: [[Int]]

  /// Most comparisons of two blocks that the improvement makes.
  private static let effort = 12_000_000

  /// Plans the blocks.
  ///
  /// O(n^2) for the greedy orders.
  init(_ blocks: [Block]) {
    self.blocks = blocks
    let events = Set(blocks.map(\.first))
    lowerBound =
      events.map { time in
        blocks.reduce(0) { $0 + ($1.first <= time && time <= $1.last ? $1.size : 0) }
      }.max() ?? 0
    neighbours = blocks.indices.map { a in
      blocks.indices.filter { $0 != a && blocks[$0].overlaps(blocks[a]) }
    }
    offsets = []
    total = .max
    var best: [Int] = []
    for order in Self.orders(blocks) {
      if total == lowerBound { break }
      let placed = place(order)
      if placed.total < total {
        (offsets, total) = placed
        best = order
      }
    }
    improve(best)
    if blocks.isEmpty { total = 0 }
  }

  private static func orders(_ blocks: [Block]) -> [[Int]] {
    func sorted(_ key: (Block) -> (Int, Int)) -> [Int] {
      blocks.indices.sorted {
        let (a, b) = (key(blocks[$0]), key(blocks[$1]))
        return a == b ? $0 < $1 : a > b
      }
    }
    return [
      sorted { ($0.size, $0.duration) }, sorted { ($0.duration, $0.size) },
      sorted { ($0.size * $0.duration, $0.size) }, sorted { (-$0.first, $0.size) },
      sorted { ($0.last, $0.size) },
    ]
  }

  /// First fit in the given order.
  private func place(_ order: [Int]) -> (offsets: [Int], total: Int) {
    var offsets = [Int](repeating: -1, count: blocks.count)
    var total = 0
    var taken: [(start: Int, end: Int)] = []
    for block in order {
      taken.removeAll(keepingCapacity: true)
      for other in neighbours[block] where offsets[other] >= 0 {
        taken.append((offsets[other], offsets[other] + blocks[other].size))
      }
      taken.sort { $0 < $1 }
      var offset = 0
      for range in taken {
        if range.start >= offset + blocks[block].size { break }
        offset = max(offset, range.end)
      }
      offsets[block] = offset
      total = max(total, offset + blocks[block].size)
    }
    return (offsets, total)
  }

  /// Moves blocks that reach the top of the arena, or random ones, nearer to the front of the
  /// order.
  private mutating func improve(_ start: [Int]) {
    let cost = max(1, neighbours.reduce(0) { $0 + $1.count } + blocks.count)
    var rounds = min(4000, Self.effort / cost)
    var random = SplitMix(0x5EED)
    var order = start
    var current = total
    while total > lowerBound && rounds > 0 && order.count > 1 {
      rounds -= 1
      var trial = order
      let peaks = order.indices.filter { offsets[order[$0]] + blocks[order[$0]].size == total }
      let from =
        random.next() % 2 == 0 && !peaks.isEmpty
        ? peaks[Int(random.next() % UInt64(peaks.count))] : Int(random.next() % UInt64(order.count))
      let block = trial.remove(at: from)
      trial.insert(block, at: Int(random.next() % UInt64(max(from, 1))))
      let placed = place(trial)
      guard placed.total <= current else { continue }
      current = placed.total
      order = trial
      if placed.total < total { (offsets, total) = placed }
    }
  }
}
