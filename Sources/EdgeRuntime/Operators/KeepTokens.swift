import EdgeFormat

/// `keepTokens`: attention received by each token and head `[1, H, T]` → indices (int64) `[K]`, ascending: of the first token, and
/// of those K - 1 others that receive most over all heads; of equal ones, the earlier.
enum KeepTokens {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let received = node.input(0), indices = node.output()
    try node.expectFloat(received)
    try node.expectRank(received, 3)
    try node.expectRank(indices, 1)
    try node.require(indices.type == .int64, "indices are int64")
    try node.require(received.dims[0] == 1, "tokens of several sequences cannot leave")
    try node.expect(indices.dims[0], in: 0...received.dims[2], "%0 tokens are to stay, not %1...%2")
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    node.input(0).dims[2] &* MemoryLayout<UInt32>.stride
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let received = node.input(0), indices = node.output()
    let heads = received.dims[1], tokens = received.dims[2], kept = indices.dims[0]
    guard kept > 0 else { return }
    // Sums are not negative, so that their bits are in their order.
    let ranks = context.scratchBase.assumingMemoryBound(to: UInt32.self)
    for token in 0..<tokens {
      var sum: Float = 0
      for head in 0..<heads { sum += received.float[head &* tokens &+ token] }
      ranks[token] = sum.bitPattern & 0x7fff_ffff
    }
    ranks[0] = UInt32.max
    func count(atLeast rank: UInt32) -> Int {
      var count = 0
      for token in 0..<tokens where ranks[token] >= rank { count &+= 1 }
      return count
    }
    // The highest rank that enough tokens reach.
    var least: UInt32 = 0
    for bit in stride(from: UInt32(31), through: 0, by: -1)
    where count(atLeast: least | 1 << bit) >= kept { least |= 1 << bit }
    var equals = kept &- (least == .max ? 0 : count(atLeast: least &+ 1)), place = 0
    for token in 0..<tokens {
      if ranks[token] == least {
        guard equals > 0 else { continue }
        equals &-= 1
      } else if ranks[token] < least {
        continue
      }
      indices.int64[place] = Int64(token)
      place &+= 1
    }
  }
}
