import EdgeFormat

/// What runs cost that skip some blocks.
struct SkipCosts: Sendable {
  /// At full depth, bypasses left out.
  private let full: Double
  /// By rank: what skipping the block saves.
  private var saved: [Int: Double] = [:]

  init(_ file: LoadedFile, _ table: [UInt32]) {
    func sum(_ range: Range<Int>) -> Double { range.reduce(0) { $0 + Double(table[$1]) } }
    var full = sum(0..<table.count)
    for node in table.indices {
      guard let parameters = file.skip(at: node) else { continue }
      let block = node + 1..<node + 1 + Int(parameters.blockNodes)
      let bypass = sum(block.upperBound..<block.upperBound + Int(parameters.bypassNodes))
      full -= bypass
      saved[Int(parameters.rank)] = sum(block) - bypass
    }
    self.full = full
  }

  /// What skipping a block saves of a run at full depth.
  func saved(_ rank: Int) -> Double { (saved[rank] ?? 0) / full }

  /// Of a run at full depth.
  func share(_ skipped: UInt64) -> Double {
    1 - saved.reduce(0) { $0 + (skipped >> UInt64($1.key) & 1 == 1 ? $1.value : 0) } / full
  }
}
