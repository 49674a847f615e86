import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `keepTokens`, and what attention says that keys receive, against their definitions.
@Suite struct KeepTokensTests {
  @Test(arguments: 0..<24) func keepsWhatReceivesMost(seed: Int) throws {
    var random = SeededRandom(seed)
    let heads = random.int(1...4), tokens = random.int(1...50), kept = random.int(0...tokens)
    // Few different numbers, so that some tokens receive as much as others.
    let received = (0..<heads * tokens).map { _ in Float(random.int(0...3)) }
    let node = SingleNode(
      .keepTokens, [.float(received, [1, heads, tokens])], Operand(.int64, [kept]))
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed)")
    let sums = (0..<tokens).map { token in
      token == 0 ? Float.infinity : (0..<heads).reduce(0) { $0 + received[$1 * tokens + token] }
    }
    let order = (0..<tokens).sorted { sums[$0] == sums[$1] ? $0 < $1 : sums[$0] > sums[$1] }
    #expect(
      elements(result.y, as: Int64.self) == order.prefix(kept).sorted().map { Int64($0) },
      "seed \(seed)")
  }

  @Test func refusesTokensOfSeveralSequencesAndMoreThanThereAre() {
    for (dims, kept) in [([2, 1, 4], 2), ([1, 1, 4], 5)] {
      let received = [Float](repeating: 1, count: dims.reduce(1, *))
      let node = SingleNode(.keepTokens, [.float(received, dims)], Operand(.int64, [kept]))
      #expect(node.refusal()?.code == .modelCorrupt)
    }
  }

  @Test(arguments: 0..<8) func attentionReceived(seed: Int) throws {
    var random = SeededRandom(seed)
    let heads = random.int(1...3), rows = random.int(1...60), keys = random.int(1...20)
    let size = random.int(1...20)
    var parameters = AttentionParameters()
    parameters.isInt8 = Int32(seed % 2)
    let dims = { (rows: Int) in [1, rows, heads, size] }
    var node = SingleNode(
      .attention,
      [
        .float(random.reals(rows * heads * size), dims(rows)),
        .float(random.reals(keys * heads * size), dims(keys)),
        .float(random.reals(keys * heads * size), dims(keys)), nil,
      ], Operand(.float32, dims(rows)), parameters)
    let plain = try node.runEverywhere()
    node.moreOutputs = [Operand(.float32, [1, heads, keys])]
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed)")
    let y = elements(result.y, as: Float.self), count = rows * heads * size
    #expect(Array(y.prefix(count)) == elements(plain.y, as: Float.self), "seed \(seed)")
    // Every query gives away one.
    for head in 0..<heads {
      let sum = y[(count + head * keys)..<(count + (head + 1) * keys)].reduce(0, +)
      #expect(abs(sum - Float(rows)) < 1e-3 * Float(rows), "seed \(seed)")
    }
  }
}
