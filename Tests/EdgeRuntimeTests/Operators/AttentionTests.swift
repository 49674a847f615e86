import EdgeFormat
import EdgeTestSupport
import Foundation
import Testing

@testable import EdgeRuntime

/// `attention` and `linear` on every table, against their definitions in double precision.
@Suite struct AttentionTests {
  /// Position of element `i` of a row of a head, as the operand is stored.
  private static func place(
    _ b: Int, _ h: Int, _ t: Int, _ i: Int, _ dims: [Int], isHeadsFirst: Bool
  ) -> Int {
    offset(isHeadsFirst ? [b, h, t, i] : [b, t, h, i], dims)
  }

  private static func dims(_ b: Int, _ h: Int, _ t: Int, _ d: Int, isHeadsFirst: Bool) -> [Int] {
    isHeadsFirst ? [b, h, t, d] : [b, t, h, d]
  }

  @Test(arguments: 0..<24) func attention(seed: Int) throws {
    var random = SeededRandom(seed)
    let batch = random.int(1...2), heads = random.int(1...3)
    let rows = random.int(1...(seed < 4 ? 100 : 9)), keys = random.int(1...20)
    let size = random.int(1...20), valueSize = random.int(1...20)
    var parameters = AttentionParameters()
    parameters.scale = 1 / Float(size).squareRoot()
    parameters.isInt8 = Int32(seed % 2)
    parameters.headsFirst = Int32(random.int(0...15))
    let first = (0..<4).map { parameters.headsFirst >> Int32($0) & 1 != 0 }
    let qDims = Self.dims(batch, heads, rows, size, isHeadsFirst: first[0])
    let kDims = Self.dims(batch, heads, keys, size, isHeadsFirst: first[1])
    let vDims = Self.dims(batch, heads, keys, valueSize, isHeadsFirst: first[2])
    let yDims = Self.dims(batch, heads, rows, valueSize, isHeadsFirst: first[3])
    let maskDims = [[], [keys], [batch, 1, 1, keys], [1, heads, rows, keys]][random.int(0...3)]
    let q = random.reals(qDims.reduce(1, *)), k = random.reals(kDims.reduce(1, *))
    let v = random.reals(vDims.reduce(1, *)), mask = random.reals(maskDims.reduce(1, *))
    let node = SingleNode(
      .attention,
      [
        .float(q, qDims), .float(k, kDims), .float(v, vDims),
        maskDims.isEmpty ? nil : .float(mask, maskDims),
      ], Operand(.float32, yDims), parameters)
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed)")
    let y = elements(result.y, as: Float.self)
    var error = 0.0, signal = 0.0
    for index in indices([batch, heads, rows]) {
      let (b, h, t) = (index[0], index[1], index[2])
      let weights = (0..<keys).map { s -> Double in
        let score = (0..<size).reduce(0.0) {
          $0 + Double(q[Self.place(b, h, t, $1, qDims, isHeadsFirst: first[0])])
            * Double(k[Self.place(b, h, s, $1, kDims, isHeadsFirst: first[1])])
        }
        let place = zip([b, h, t, s].suffix(maskDims.count), maskDims).map { $1 == 1 ? 0 : $0 }
        let added = maskDims.isEmpty ? 0 : Double(mask[offset(place, maskDims)])
        return exp(score * Double(parameters.scale) + added)
      }
      let sum = weights.reduce(0, +)
      for e in 0..<valueSize {
        let exact = (0..<keys).reduce(0.0) {
          $0 + weights[$1] / sum
            * Double(v[Self.place(b, h, $1, e, vDims, isHeadsFirst: first[2])])
        }
        let found = Double(y[Self.place(b, h, t, e, yDims, isHeadsFirst: first[3])])
        error += (found - exact) * (found - exact)
        signal += exact * exact
      }
    }
    #expect(error <= (seed % 2 == 1 ? 1e-3 : 1e-11) * signal, "seed \(seed)")
  }

  @Test(arguments: 0..<16) func linear(seed: Int) throws {
    var random = SeededRandom(seed)
    let rows = random.int(1...(seed < 3 ? 120 : 8)), inputs = random.int(1...60)
    let outputs = random.int(1...150), padded = (outputs + 15) / 16 * 16
    let weights = random.int8(outputs * inputs).map { max($0, -127) }
    let x = random.reals(rows * inputs, in: -1...3)
    let scales = random.reals(padded, in: 0.001...0.01), bias = random.reals(padded)
    let factor = random.reals(inputs, in: 0.5...2), residual = random.reals(rows * outputs)
    let sums = (0..<padded).map { n -> Int32 in
      n < outputs ? weights[n * inputs..<(n + 1) * inputs].reduce(0) { $0 + Int32($1) } : 0
    }
    let packed = PackedWeights(outputs: outputs, height: 1, width: 1, channels: inputs)
      .int8(weights, segmentsPerTap: true)
    let packedOperand = Operand.int8(packed, [packed.count]).constant
    let node = SingleNode(
      .linear,
      [
        .float(x, [rows, inputs]), packedOperand,
        .int32(sums.map { 128 * $0 }, [padded]), .float(scales, [padded]),
        .float(zip(scales, sums).map { $0 * Float($1) }, [padded]), .float(bias, [padded]),
        .float(factor, [inputs]), .float(residual, [rows, outputs]),
      ], Operand(.float32, [rows, outputs]), LinearParameters())
    let result = try node.runEverywhere()
    #expect(result.disagreement == nil, "seed \(seed)")
    let y = elements(result.y, as: Float.self)
    for row in 0..<rows {
      let scaled = (0..<inputs).map { Double(x[row * inputs + $0]) * Double(factor[$0]) }
      let step = ((scaled.max() ?? 0) - (scaled.min() ?? 0)) / 255
      for n in 0..<outputs {
        var exact = Double(bias[n]) + Double(residual[row * outputs + n]), most = 1e-5
        for k in 0..<inputs {
          let weight = Double(weights[n * inputs + k]) * Double(scales[n])
          exact += scaled[k] * weight
          // A code is off by half a step.
          most += 0.51 * step * abs(weight)
        }
        #expect(abs(Double(y[row * outputs + n]) - exact) <= most, "seed \(seed)")
      }
    }
  }
}
