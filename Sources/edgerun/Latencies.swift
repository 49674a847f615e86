/// Times of repeated inferences, in nanoseconds.
struct Latencies {
  private var sorted: [UInt64]

  init(_ times: [UInt64]) {
    sorted = times.sorted()
  }

  var count: Int { sorted.count }
  var min: UInt64 { sorted.first ?? 0 }
  var max: UInt64 { sorted.last ?? 0 }

  /// The smallest time that at least `share` (0...1) of the inferences did not exceed.
  func percentile(_ share: Double) -> UInt64 {
    guard !sorted.isEmpty else { return 0 }
    let position = share * Double(sorted.count)
    var index = Int(position)
    if Double(index) == position { index -= 1 }
    return sorted[Swift.max(0, Swift.min(index, sorted.count - 1))]
  }

  var median: UInt64 { percentile(0.5) }
  var p99: UInt64 { percentile(0.99) }
}
