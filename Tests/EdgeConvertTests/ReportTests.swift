import Foundation
import Testing

@testable import EdgeConvert

@Suite struct ReportTests {
  private var report: ConversionReport {
    let layer = ConversionReport.Layer(
      name: "conv<1>", op: "Conv", precision: "int8", reason: "", shape: "1x8x4x4", stored: "int8",
      weightBytes: 1234,
      range: ConversionReport.Range(
        observer: "mse", low: -1, high: 2, scale: 0.01, zeroPoint: -43, clipped: 0.0001,
        expectedSQNR: 38,
        outlierRatio: 1.5, sharedBy: 2), sqnr: 31.25)
    let float = ConversionReport.Layer(
      name: "softmax", op: "Softmax", precision: "f32", reason: "no INT8 form of Softmax",
      shape: "1x10",
      stored: "f32", weightBytes: 0)
    return ConversionReport(
      converter: "edgeconv 1.0.0", source: "a/m.onnx", sourceSHA256: "00", output: "m.edge",
      precision: "int8",
      options: ["observer": "auto"],
      memory: ConversionReport.Memory(
        fileBytes: 12_345, weightBytes: 9_000, arenaBytes: 4_096, arenaLowerBound: 4_000,
        stateBytes: 0,
        scratchBytes: 640, sessionBytes: 6_400),
      layers: [float, layer],
      accuracy: AccuracyComparison(
        samples: 100, outputs: [], reference: Proportion(90, of: 100),
        converted: Proportion(89, of: 100),
        difference: PairedDifference(lost: 2, gained: 1, total: 100)),
      warnings: [ConversionReport.Warning("few samples", remedy: "give more")])
  }

  @Test func thePageStandsAlone() {
    let page = HTMLPage(report).text
    #expect(page.contains("conv&lt;1&gt;") && !page.contains("conv<1>"))
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("src="))
    #expect(page.contains("few samples") && page.contains("12 345"))
  }

  @Test func remediesAreTypedAsTheyStand() {
    var options = ConversionOptions(source: "my models/m.onnx", output: "m.edge")
    options.calibration = "samples"
    options.keepFloat = ["a"]
    options.observer = .minmax
    #expect(
      options.command(keepingFloat: ["it's", "a"])
        == "edgeconv convert 'my models/m.onnx' -o m.edge "
        + "--calibrate samples --observer minmax --keep-float 'a,it'\\''s'")
    #expect(options.command(observer: .auto).contains("--observer") == false)
    var page = report
    page.warnings = [
      ConversionReport.Warning("bad", remedy: "do", command: "edgeconv convert a<b")
    ]
    #expect(HTMLPage(page).text.contains("<pre>edgeconv convert a&lt;b</pre>"))
  }

  @Test func theWorstLayersComeFirst() {
    var worse = report.layers[1]
    worse.name = "worse"
    worse.sqnrAlone = 3
    var all = report
    all.layers.append(worse)
    #expect(all.worstLayers.map(\.name) == ["worse", "conv<1>", "softmax"])
    #expect(all.explanation(layers: 1).contains("3.0   31.2  worse"))
  }

  @Test func theSummaryNamesWhatStayedFloat() {
    let text = report.summary
    #expect(text.contains("2, 1 in INT8, 1 in float"))
    #expect(text.contains("float: 1 (no INT8 form of Softmax)"))
    #expect(text.contains("lower bound 4 000"))
    #expect(text.contains("float 90.00 %, file 89.00 %"))
  }

  @Test func jsonIsReadBack() throws {
    let data = try JSONEncoder().encode(report)
    let back = try JSONDecoder().decode(ConversionReport.self, from: data)
    #expect(back.layers[1].range?.zeroPoint == -43 && back.accuracy?.samples == 100)
  }

  @Test func intervalsAreKnownOnes() {
    let p = Proportion(8, of: 10)
    #expect(abs(p.low - 0.4902) < 1e-3 && abs(p.high - 0.9433) < 1e-3)
    let same = PairedDifference(lost: 0, gained: 0, total: 300)
    #expect(same.points == 0 && abs(same.high - 1) < 1e-9)
    let some = PairedDifference(lost: 12, gained: 2, total: 1000)
    #expect(abs(some.points + 1) < 1e-9 && some.low < -1.7 && some.high > -0.3)
  }

  @Test func outputsAreComparedSampleBySample() {
    var accumulator = OutputAccumulator(name: "y")
    func scores(_ values: [Float]) -> Tensor { Tensor(values, shape: [1, 3]) }
    accumulator.add(scores([1, 2, 3]), scores([1, 2, 3]))
    #expect(accumulator.comparison.sqnr == nil)
    accumulator.add(scores([3, 2, 1]), scores([1, 2, 2]))
    let comparison = accumulator.comparison
    #expect(comparison.agreement?.count == 1 && comparison.agreement?.total == 2)
    #expect(comparison.maxDifference == 2 && comparison.low == 1 && comparison.high == 3)
  }

  /// A NaN or an infinity on one side alone is infinitely far from agreement.
  @Test(arguments: [Float.nan, .infinity, -.infinity]) func whatIsNoNumberIsNeverExact(odd: Float) {
    for (a, b) in [(odd, 1), (1, odd), (odd, odd)] as [(Float, Float)] {
      var accumulator = OutputAccumulator(name: "y")
      accumulator.add(Tensor([2, a], shape: [2, 1, 2]), Tensor([2, b], shape: [2, 1, 2]))
      let comparison = accumulator.comparison
      let isSame = a.bitPattern == b.bitPattern
      #expect(comparison.maxDifference == (isSame ? 0 : .infinity))
      #expect(comparison.sqnr == (isSame ? nil : -.infinity))
    }
  }

  @Test func integersAreCountedByElement() {
    var accumulator = OutputAccumulator(name: "y")
    let large = Int64(1) << 60
    accumulator.add(
      Tensor([1, 2, large, 4] as [Int64], shape: [4]), Tensor([1, 2, large + 1, 5], shape: [4]))
    let comparison = accumulator.comparison
    #expect(comparison.equality?.count == 2 && comparison.equality?.total == 4)
    #expect(comparison.agreement == nil && comparison.maxDifference == 1)
  }
}
