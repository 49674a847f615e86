import Testing

@testable import EdgeConvert

/// Arena plans over random lifetimes.
@Suite struct PlanMemoryTests {
  static func random(_ count: Int, seed: UInt64) -> [MemoryPlanner.Block] {
    var random = SplitMix(seed)
    return (0..<count).map { index in
      let first = Int.random(in: 0..<max(1, count), using: &random)
      let length = Bool.random(using: &random) ? 1 : Int.random(in: 1...8, using: &random)
      return MemoryPlanner.Block(
        bytes: Int.random(in: 0...5000, using: &random), first: first, last: first + length)
    }
  }

  @Test(arguments: 1...40) func liveBlocksNeverOverlap(seed: Int) {
    let blocks = Self.random(3 + seed * 2, seed: UInt64(seed))
    let plan = MemoryPlanner(blocks)
    for a in blocks.indices {
      #expect(plan.offsets[a] % 64 == 0)
      #expect(plan.offsets[a] + blocks[a].size <= plan.total)
      for b in blocks.indices where b > a && blocks[a].overlaps(blocks[b]) {
        let apart =
          plan.offsets[a] + blocks[a].size <= plan.offsets[b]
          || plan.offsets[b] + blocks[b].size <= plan.offsets[a]
        #expect(apart, "seed \(seed): blocks \(a) and \(b)")
      }
    }
    #expect(plan.total >= plan.lowerBound)
    #expect(Double(plan.total) <= 1.1 * Double(plan.lowerBound), "seed \(seed)")
  }

  @Test func theBoundIsTheLargestLiveSum() {
    let plan = MemoryPlanner([
      .init(bytes: 100, first: 0, last: 2), .init(bytes: 64, first: 2, last: 3),
      .init(bytes: 1, first: 3, last: 4),
    ])
    #expect(plan.lowerBound == 192)
    #expect(plan.total == 192)
    #expect(MemoryPlanner([]).total == 0)
  }

  @Test func equalBlocksGiveEqualOffsets() {
    let blocks = Self.random(60, seed: 99)
    #expect(MemoryPlanner(blocks).offsets == MemoryPlanner(blocks).offsets)
  }
}
