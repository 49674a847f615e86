import Foundation
import Testing

@testable import EdgeSamples

@Suite struct AudioTests {
  private func sine(_ frequency: Double, rate: Int, count: Int) -> Waveform {
    let samples = (0..<count).map {
      Float(0.5 * Foundation.sin(2 * Double.pi * frequency * Double($0) / Double(rate)))
    }
    return Waveform(rate: rate, samples: samples)
  }

  /// Energy of the middle of `found` less `wanted`, in dB to that of a sine of amplitude 0.5.
  private func error(_ found: [Float], _ wanted: [Float]) -> Double {
    let middle = 400..<(min(found.count, wanted.count) - 400)
    let energy = middle.reduce(0.0) { $0 + pow(Double(found[$1]) - Double(wanted[$1]), 2) }
    return 10 * log10(energy / Double(middle.count) / 0.125)
  }

  @Test(arguments: [
    (44_100, 16_000, 440.0), (48_000, 16_000, 6_800), (8_000, 16_000, 3_400),
    (22_050, 16_000, 6_800), (16_000, 44_100, 1_000), (16_000, 11_025, 4_600),
  ])
  func resampledSinesStaySines(rate: Int, target: Int, frequency: Double) {
    let found = Resampler().resampled(sine(frequency, rate: rate, count: rate / 4), to: target)
    #expect(found.samples.count == (rate / 4 * target + rate - 1) / rate)
    let wanted = sine(frequency, rate: target, count: found.samples.count)
    #expect(error(found.samples, wanted.samples) < -80)
  }

  @Test func whatTheNewRateCannotHoldIsGone() {
    let found = Resampler().resampled(sine(9_000, rate: 44_100, count: 11_025), to: 16_000)
    let silence = [Float](repeating: 0, count: found.samples.count)
    #expect(error(found.samples, silence) < -80)
  }

  @Test func soundsOfAnotherRateAreResampledWhenAllowed() throws {
    let input = InputDescription(
      name: "x", elementType: .float32, isQuantized: false, shape: [1, 1_000])
    let sound = sine(440, rate: 8_000, count: 500)
    var rule = AudioPreprocessing(rate: 16_000)
    #expect(
      failure { try rule.tensor(from: sound, for: input, path: "a") }?.contains("--resample")
        == true)
    rule.resampling = .sinc
    let tensor = try rule.tensor(from: sound, for: input, path: "a")
    #expect(tensor.floats == Resampler().resampled(sound, to: 16_000).samples)
    let same = try rule.tensor(
      from: Waveform(rate: 16_000, samples: sound.samples), for: input, path: "a")
    #expect(same.floats?.prefix(500) == sound.samples[...])
  }

  /// The definition, term by term.
  private func exactFeature(
    _ x: [Double], frame: Int, coefficient: Int, isCepstral: Bool
  ) -> Double {
    let (window, hop, length, bands, rate) = (30, 20, 64, 6, 1_600.0)
    func mel(_ f: Double) -> Double { 1_127 * log(1 + f / 700) }
    let edges = (0..<(bands + 2)).map {
      mel(50) + (mel(700) - mel(50)) * Double($0) / Double(bands + 1)
    }
    let levels = (0..<bands).map { band in
      var sum = 1e-3
      for k in 1...(length / 2) {
        var (real, imaginary) = (0.0, 0.0)
        for n in 0..<window {
          let value = x[frame * hop + n] * (0.5 - 0.5 * cos(2 * .pi * Double(n) / Double(window)))
          real += value * cos(2 * .pi * Double(k * n) / Double(length))
          imaginary += value * Foundation.sin(2 * .pi * Double(k * n) / Double(length))
        }
        let position = mel(Double(k) * rate / Double(length))
        let rise = (position - edges[band]) / (edges[band + 1] - edges[band])
        let fall = (edges[band + 2] - position) / (edges[band + 2] - edges[band + 1])
        sum += max(0, min(rise, fall)) * (real * real + imaginary * imaginary).squareRoot()
      }
      return log(sum)
    }
    guard isCepstral else { return levels[coefficient] }
    return levels.indices.reduce(0) { sum, band in
      sum + 2 / Double(2 * bands).squareRoot() * levels[band]
        * cos(.pi * (Double(band) + 0.5) * Double(coefficient) / Double(bands))
    }
  }

  @Test(arguments: [true, false]) func melFeaturesFollowTheirDefinition(isCepstral: Bool) throws {
    let metadata = [
      "audio.features": isCepstral ? "mfcc" : "log-mel", "audio.normalize": "maximum",
      "mel.window": "30", "mel.hop": "20", "mel.fft": "64", "mel.bands": "6", "mel.low": "50",
      "mel.high": "700", "mel.floor": "0.001",
    ]
    let rule = try AudioPreprocessing(MetadataReader { metadata[$0] })
    let input = InputDescription(
      name: "x", elementType: .float32, isQuantized: false, shape: [1, 1, 4, 5])
    // 80 samples; four frames take 90, so the last ten are zeros.
    let samples = (0..<80).map { Float(($0 * 7_919) % 101 - 60) / 100 }
    let tensor = try rule.tensor(
      from: Waveform(rate: 1_600, samples: samples), for: input, path: "a")
    #expect(tensor.shape == [1, 1, 4, 5])
    let scaled =
      samples.map { Double($0) / Double(samples.max() ?? 1) } + Array(repeating: 0, count: 10)
    for (index, value) in (tensor.floats ?? []).enumerated() {
      let exact = exactFeature(
        scaled, frame: index / 5, coefficient: index % 5, isCepstral: isCepstral)
      #expect(abs(Double(value) - exact) < 1e-5, "feature \(index)")
    }
  }

  @Test func aStreamIsCutIntoFramesWithTheirContext() throws {
    let metadata = ["input.kind": "audio", "stream.frame": "4", "stream.context": "2"]
    let input = InputDescription(
      name: "x", elementType: .float32, isQuantized: false, shape: [1, 6])
    let rules = try Preprocessing(metadata: { metadata[$0] })
    let data = (1...6).flatMap { little(Int16($0 * 4_096)) }
    let bytes = wave(tag: 1, channels: 1, rate: 8, bits: 16, data: data)
    try withFile("a.wav", bytes) { path in
      let reader = SampleReader(inputs: [input], preprocessing: rules)
      let stream = try #require(try reader.stream(SampleSource(path: path)))
      #expect(stream.count == 2)
      #expect(stream.seconds == 0.75)
      #expect(stream[0].tensor.floats == [0, 0, 0.125, 0.25, 0.375, 0.5])
      #expect(stream[1].tensor.floats == [0.375, 0.5, 0.625, 0.75, 0, 0])
      #expect(
        [stream[0].start, stream[0].end, stream[1].start, stream[1].end] == [0, 0.5, 0.5, 0.75])
      let other = InputDescription(
        name: "x", elementType: .float32, isQuantized: false, shape: [1, 7])
      let misfit = SampleReader(inputs: [other], preprocessing: rules)
      #expect(
        failure { try misfit.stream(SampleSource(path: path)) }?.contains("stream.frame") == true)
    }
  }

  @Test func segmentsBridgePausesAndLeaveOutTheShort() throws {
    let metadata = ["segments.threshold": "0.5", "segments.gap": "1", "segments.least": "2"]
    var finder = SegmentFinder(try SegmentRule(MetadataReader { metadata[$0] }))
    let scores = [0.6, 0.4, 0.7, 0.2, 0.2, 0.9, 0.5, 0.5, 0.8, 0.8]
    for (index, score) in scores.enumerated() {
      finder.add(start: Double(index), end: Double(index + 1), score: score)
    }
    #expect(finder.segments.map(\.start) == [0, 8])
    #expect(finder.segments.map(\.end) == [3, 10])
  }

  @Test(arguments: [
    ["audio.features": "mfcc", "mel.fft": "500"], ["audio.features": "mfcc", "mel.window": "600"],
    ["audio.features": "mfcc", "mel.low": "5000"], ["stream.frame": "0"],
  ])
  func meaninglessRulesAreRefused(metadata: [String: String]) {
    #expect(
      failure { try AudioPreprocessing(MetadataReader { metadata[$0] }) }?.contains("metadata")
        == true)
  }
}
