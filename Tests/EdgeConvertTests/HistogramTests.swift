import Testing

@testable import EdgeConvert

@Suite struct HistogramTests {
  @Test func emptyAndConstantValuesHaveUsableParameters() {
    let none = Observer.mse.range(of: Histogram())
    #expect(
      AffineParameters(low: none.low, high: none.high) == AffineParameters(scale: 1, zeroPoint: 0))
    var zeros = Histogram()
    zeros.add([0, 0, -0.0])
    #expect(zeros.zeroCount == 3 && zeros.counts.isEmpty)
    for observer in [Observer.auto, .minmax, .mse, .percentile(0.999)] {
      var constant = Histogram()
      constant.add([Float](repeating: 3.25, count: 100))
      let range = observer.range(of: constant)
      #expect(range.low == 0)
      #expect(range.high > 3.1, "\(observer)")
      var tiny = Histogram()
      tiny.add([Float.leastNonzeroMagnitude, -Float.leastNormalMagnitude])
      let small = observer.range(of: tiny)
      #expect(AffineParameters(low: small.low, high: small.high).scale.isNormal)
    }
  }

  @Test(arguments: 1...6) func orderAndGroupingDoNotMatter(seed: UInt64) {
    var random = SplitMix(seed)
    let batches = (0..<20).map { index in
      (0..<200).map { _ in
        random.gaussian() * Float(sign: .plus, exponent: index % 9, significand: 1)
      }
    }
    var forward = Histogram()
    var backward = Histogram()
    var merged = Histogram()
    for batch in batches {
      forward.add(batch)
      var part = Histogram()
      part.add(batch)
      merged.merge(part)
    }
    for batch in batches.reversed() { backward.add(batch) }
    #expect(forward == backward)
    #expect(forward == merged)
    #expect(forward.count == 4000)
  }

  @Test func binsHoldWhatTheyClaim() {
    var random = SplitMix(11)
    let values = (0..<5000).map { _ in random.gaussian() * 3 }
    var histogram = Histogram()
    histogram.add(values)
    #expect(histogram.counts.count == Histogram.binCount)
    for (bin, count) in histogram.counts.enumerated() {
      let low = Double(histogram.first + bin) * histogram.width
      let exact = values.count {
        $0 != 0 && Double($0) >= low && Double($0) < low + histogram.width
      }
      #expect(exact == count)
    }
    #expect(histogram.minimum == values.min() && histogram.maximum == values.max())
  }

  @Test func valuesThatAreNotFiniteAreCountedApart() {
    var histogram = Histogram()
    histogram.add([.nan, .infinity])
    #expect(histogram.nonFiniteCount == 2 && histogram.count == 0)
    histogram.add([1, -.infinity, 2])
    #expect(histogram.nonFiniteCount == 3 && histogram.count == 2)
    #expect(histogram.maximum == 2)
  }
}
