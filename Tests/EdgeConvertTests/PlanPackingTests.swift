import CEdgeKernels
import Testing

@testable import EdgeConvert

/// Packed weights against a naive reading of the layouts in `edge_kernels.h`, folded biases against
/// plain arithmetic.
@Suite struct PlanPackingTests {
  struct Shape: Sendable {
    var groups = 1
    var out: Int
    var channels: Int
    var height: Int
    var width: Int
    var dilation = 1
  }

  static let shapes: [Shape] = [
    Shape(out: 5, channels: 3, height: 3, width: 3),
    Shape(out: 33, channels: 7, height: 1, width: 1),
    Shape(out: 16, channels: 4, height: 2, width: 5, dilation: 2),
    Shape(groups: 3, out: 9, channels: 5, height: 3, width: 2),
    Shape(groups: 21, out: 21, channels: 1, height: 5, width: 3),
    Shape(groups: 6, out: 12, channels: 1, height: 3, width: 3),
  ]

  static func bank(_ shape: Shape) -> FilterBank {
    var random = SplitMix(3)
    let count = shape.out * shape.channels * shape.height * shape.width
    return FilterBank(
      onnx: (0..<count).map { _ in Float.random(in: -1...1, using: &random) },
      outChannels: shape.out,
      channels: shape.channels, kernelHeight: shape.height, kernelWidth: shape.width,
      groups: shape.groups)
  }

  @Test(arguments: shapes) func everyCodeLiesWhereTheKernelsReadIt(_ shape: Shape) {
    let bank = Self.bank(shape)
    let codes = bank.quantized(bank.scales(given: nil, bias: nil, inputScale: 1))
    let packed = bank.packed(codes, dilationWidth: shape.dilation)
    let float = bank.packedFloat()
    let rows = bank.isDepthwise ? shape.out : shape.out / shape.groups
    let perTap = shape.dilation > 1 || shape.groups > 1
    let segment = perTap ? shape.channels : shape.width * shape.channels
    let quads = (segment + 3) / 4
    let depth = perTap ? shape.height * shape.width * quads : shape.height * quads
    let groupBytes = (rows + 15) / 16 * depth * 64
    var total = 0
    for m in 0..<shape.out {
      for ky in 0..<shape.height {
        for kx in 0..<shape.width {
          for c in 0..<shape.channels {
            let code = codes[((m * shape.height + ky) * shape.width + kx) * shape.channels + c]
            let n = m % rows
            var place: Int
            if bank.isDepthwise {
              let verticals = (shape.height + 3) / 4
              place = ((m / 16 * shape.width + kx) * verticals + ky / 4) * 64 + m % 16 * 4 + ky % 4
            } else {
              let s = perTap ? ky * shape.width + kx : ky
              let k = s * quads * 4 + (perTap ? c : kx * shape.channels + c)
              place = m / rows * groupBytes + (n / 16 * depth + k / 4) * 64 + n % 16 * 4 + k % 4
            }
            #expect(packed[place] == code)
            total += Int(abs(code))
            let k = (ky * shape.width + kx) * shape.channels + c
            let blocks = (rows + 15) / 16 * 16 * bank.filterCount
            place = m / rows * blocks + (n / 16 * bank.filterCount + k) * 16 + n % 16
            #expect(float[place] == bank.values[m * bank.filterCount + k])
          }
        }
      }
    }
    #expect(packed.reduce(0) { $0 + Int(abs($1)) } == total)
  }

  @Test(arguments: shapes) func sizesAgreeWithTheKernels(_ shape: Shape) {
    let bank = Self.bank(shape)
    guard !bank.isDepthwise else { return }
    var conv = edge_conv()
    conv.in_c = Int32(shape.channels)
    conv.in_stride = Int32(shape.channels * shape.groups)
    conv.out_c = Int32(shape.out / shape.groups)
    conv.kernel_h = Int32(shape.height)
    conv.kernel_w = Int32(shape.width)
    conv.dilation_h = 1
    conv.dilation_w = Int32(shape.dilation)
    let packed = bank.packed(
      [Int8](repeating: 0, count: bank.values.count), dilationWidth: shape.dilation)
    let blocks = (shape.out / shape.groups + 15) / 16
    #expect(packed.count == shape.groups * blocks * Int(edge_conv_k4(&conv)) * 64)
  }

  @Test func biasesAreFoldedExactly() {
    let bank = Self.bank(Shape(out: 7, channels: 5, height: 3, width: 3))
    let bias: [Float] = [0, 1, -2, 0.5, 100, -0.001, 3]
    let input = AffineParameters(scale: 0.037, zeroPoint: -11)
    let scales = bank.scales(given: nil, bias: bias, inputScale: input.scale)
    let codes = bank.quantized(scales)
    let folded = FoldedBias(
      bank, codes: codes, scales: scales, bias: bias, input: input, outputScale: 0.25)
    let x = (0..<bank.filterCount).map { Int($0 * 37 % 256 - 128) }
    for m in 0..<7 {
      let row = codes[(m * bank.filterCount)..<((m + 1) * bank.filterCount)].map { Int($0) }
      let centred = zip(x, row).reduce(0) { $0 + ($1.0 + 11) * $1.1 }
      let own = (Double(bias[m]) / (Double(input.scale) * Double(scales[m]))).rounded(
        .toNearestOrEven)
      let signed = zip(x, row).reduce(0) { $0 + $1.0 * $1.1 } + Int(folded.signed[m])
      let unsigned = zip(x, row).reduce(0) { $0 + ($1.0 + 128) * $1.1 } + Int(folded.unsigned[m])
      #expect(signed == centred + Int(own))
      #expect(unsigned == signed)
      #expect(folded.multiplier[m] == Float(Double(input.scale) * Double(scales[m]) / 0.25))
    }
  }

  @Test func scalesReachTheLargestWeight() {
    let bank = FilterBank(matrix: [0.5, -2, 0, 0, 1e-30, 0], outChannels: 3, channels: 2)
    #expect(bank.scales(given: nil, bias: nil, inputScale: 1)[0] == Float(2.0 / 127))
    #expect(bank.scales(given: nil, bias: nil, inputScale: 1)[1] == 1)
    let scales = bank.scales(given: nil, bias: [0, 3, 3], inputScale: 0.1)
    for m in 1...2 { #expect(30 / Double(scales[m]) <= 536_870_912.0 * 1.01) }
    #expect(bank.quantized([2.0 / 127, 1, 1]) == [32, -127, 0, 0, 0, 0])
  }

  @Test func tablesRoundHalfToEven() {
    let input = AffineParameters(scale: 0.5, zeroPoint: 0)
    let output = AffineParameters(scale: 1, zeroPoint: 3)
    let table = LookupTable.entries(from: input, to: output) { $0 }
    #expect(table[128 + 1] == 3)
    #expect(table[128 + 3] == 5)
    #expect(table[128 - 128] == -61)
    #expect(table[128 + 127] == 67)
  }
}
