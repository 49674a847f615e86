import Foundation
import Testing

@testable import EdgeConvert

@Suite struct ConversionTests {
  private var digits: String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Models/speech/spoken_digits").path
  }

  private var options: ConversionOptions {
    var options = ConversionOptions(source: "\(digits)/spoken_digits.onnx", output: "d.edge")
    options.calibration = "\(digits)/calibration"
    options.preprocessing = "\(digits)/preprocess.json"
    options.labels = "\(digits)/labels.txt"
    options.observer = .minmax
    options.samples = 3
    return options
  }

  @Test func convertingTwiceGivesEqualBytes() throws {
    let first = try Conversion(options).run()
    let second = try Conversion(options).run()
    #expect(first.bytes == second.bytes)
    #expect(first.report.int8Count > 0 && first.report.calibration?.samples == 3)
    var other = options
    other.seed = 2
    #expect(try Conversion(other).run().bytes != first.bytes)
  }

  @Test func int8WithoutDataIsRefused() {
    var wrong = options
    wrong.calibration = nil
    wrong.precision = .int8
    #expect {
      try Conversion(wrong).run()
    } throws: { error in
      guard case ConversionError.usage(let text) = error else { return false }
      return text.contains("--calibrate")
    }
  }

  @Test func sharedFilesAreNoticed() throws {
    var same = options
    same.validation = "\(digits)/calibration"
    same.precision = .float32
    let plain = try Conversion(same).run().report
    #expect(plain.accuracy?.samples == plain.validation?.samples)
    #expect(plain.warnings.allSatisfy { !$0.text.contains("alike") }, "float needs no calibration")
  }

  @Test func roundingCancelsErrorsOnCorrelatedInputs() {
    var random = SplitMix(4)
    let terms = 24
    let samples = (0..<400).map { _ in
      let common = random.gaussian() + 2
      return (0..<terms).map { _ in common + 0.2 * random.gaussian() }
    }
    var gram = [Float](repeating: 0, count: terms * terms)
    for x in samples {
      for i in 0..<terms { for j in 0..<terms { gram[i * terms + j] += x[i] * x[j] } }
    }
    let weights = (0..<terms).map { _ in random.gaussian() }
    let scale = WeightScales.scale(weights, searching: false) * 8
    func error(_ rounded: [Float]) -> Float {
      samples.reduce(0) { sum, x in
        var difference: Float = 0
        for k in 0..<terms { difference += x[k] * (weights[k] - rounded[k]) }
        return sum + difference * difference
      }
    }
    let nearest = weights.map { ($0 / scale).rounded(.toNearestOrEven) * scale }
    let rounded = CompensatedRounding.rounded(weights, scales: [scale], gram: gram, terms: terms)
    #expect(error(rounded) < 0.2 * error(nearest))
    #expect(rounded.allSatisfy { abs($0 / scale - ($0 / scale).rounded()) < 1e-3 })
  }

  /// A search of scales and sweeps over single weights never leave a row with more error.
  @Test(arguments: [UInt64(1), 2, 3]) func searchedRoundingIsNoWorse(seed: UInt64) {
    var random = SplitMix(seed)
    let (terms, rows) = (20, 6)
    var gram = [Float](repeating: 0, count: terms * terms)
    for _ in 0..<200 {
      let common = random.gaussian()
      let x = (0..<terms).map { _ in common + random.gaussian() }
      for i in 0..<terms { for j in 0..<terms { gram[i * terms + j] += x[i] * x[j] } }
    }
    let weights = (0..<rows * terms).map { _ in random.gaussian() }
    let scales = [Float](repeating: 0.3, count: rows)
    func error(_ rounded: [Float], _ row: Int) -> Float {
      let e = (0..<terms).map { weights[row * terms + $0] - rounded[row * terms + $0] }
      var sum: Float = 0
      for i in 0..<terms { for j in 0..<terms { sum += e[i] * gram[i * terms + j] * e[j] } }
      return sum
    }
    let nearest = zip(weights, 0...).map { ($0.0 / 0.3).rounded(.toNearestOrEven) * 0.3 }
    let found = CompensatedRounding.searched(weights, scales: scales, gram: gram, terms: terms)
    for row in 0..<rows {
      #expect(error(found.weights, row) <= 1.05 * error(nearest, row))
      let scale = found.scales[row]
      #expect(
        (0..<terms).allSatisfy {
          let q = found.weights[row * terms + $0] / scale
          return abs(q - q.rounded()) < 1e-3 && abs(q) <= 127.001
        })
    }
  }
}
