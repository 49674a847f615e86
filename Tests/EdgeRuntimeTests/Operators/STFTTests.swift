import EdgeFormat
import EdgeTestSupport
import Foundation
import Testing

@testable import EdgeRuntime

/// `stft` against the definition of the DFT in double precision.
@Suite struct STFTTests {
  @Test(arguments: [1, 2, 3, 4, 7, 15, 30, 63, 64, 160, 200, 256, 400])
  func framesOfEveryKindOfLength(length: Int) throws {
    var random = SeededRandom(length)
    let step = random.int(1...length), frames = random.int(1...(length > 100 ? 70 : 5))
    let samples = (frames - 1) * step + length + random.int(0...3)
    let x = random.reals(2 * samples, in: -1...1), window = random.reals(length, in: 0...1)
    let turn = -2 * Double.pi / Double(length)
    let twiddles = (0..<length).flatMap { k -> [Float] in
      [Float(cos(turn * Double(k))), Float(sin(turn * Double(k)))]
    }
    var parameters = STFTParameters()
    parameters.frameLength = Int32(length)
    parameters.frameStep = Int32(step)
    let bins = length / 2 + 1
    let node = SingleNode(
      .stft,
      [
        .float(x, [2, samples]), Operand.float(window, [length]).constant,
        Operand.float(twiddles, [length, 2]).constant,
      ], Operand(.float32, [2, frames, bins, 2]), parameters)
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil)
    let y = elements(result.y, as: Float.self)
    var worst = 0.0
    for (signal, frame) in [(0, 0), (0, frames - 1), (1, frames / 2), (1, frames - 1)] {
      let start = signal * samples + frame * step
      for bin in 0..<bins {
        var real = 0.0, imaginary = 0.0
        for i in 0..<length {
          let sample = Double(x[start + i]) * Double(window[i])
          let angle = turn * Double(i * bin % length)
          real += sample * cos(angle)
          imaginary += sample * sin(angle)
        }
        let position = ((signal * frames + frame) * bins + bin) * 2
        worst = max(
          worst, abs(Double(y[position]) - real), abs(Double(y[position + 1]) - imaginary))
      }
    }
    // Samples are below 1; each of the few stages rounds values no larger than the sum of a frame.
    #expect(worst < 1e-6 * Double(length), "worst \(worst)")
  }
}
