import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Block-sparse weights give the bytes that dense ones with the same zeros do.
@Suite struct SparseTests {
  @Test(arguments: 0..<40) func convolution(seed: Int) throws {
    var test = ConvolutionCase(seed: 6000 + seed, isDepthwise: false)
    test.isOutputFloat = !test.hasResidual && test.random.chance(5)
    let outputs = test.filters.outputs
    var dense = Int8Convolution(&test).node(test)
    var random = test.random
    let channels = test.groups * ((outputs + 15) / 16 * 16)
    let n = 1 << random.int(0...2)
    let sparse = thin(&dense, channels: channels, outputs: n, density: random.int(0...10), &random)
    var node = dense
    node.inputs += [Operand?](repeating: nil, count: 7 - node.inputs.count)
    node.inputs[1] = sparse.values
    node.inputs += [sparse.starts, sparse.columns]
    let expected = try dense.runEverywhere(), result = try node.runEverywhere()
    #expect(result.disagreement == nil, "\(test)")
    #expect(result.y == expected.y, "\(test) blocks of \(n)")
  }

  /// Zeroes blocks of the packed weights of a node, corrects what depends on their sums, and returns the others.
  private func thin(
    _ node: inout SingleNode, channels: Int, outputs n: Int, density: Int,
    _ random: inout SeededRandom
  ) -> SparseOperands {
    var packed: [Int8] = elements(node.inputs[1]?.bytes ?? [])
    let depth = packed.count / (channels * 4)
    var sparse = SparseOperands()
    for band in 0..<channels / n {
      for k in 0..<depth {
        let first = (band * n / 16 * depth + k) * 64 + band * n % 16 * 4
        let block = first..<first + 4 * n
        if random.int(0...9) < density {
          sparse.append(k, packed[block])
        } else {
          for index in block { packed[index] = 0 }
        }
      }
      sparse.endBand()
    }
    var biasU8: [Int32] = elements(node.inputs[2]?.bytes ?? [])
    for channel in 0..<channels {
      for k in 0..<depth {
        let first = (channel / 16 * depth + k) * 64 + channel % 16 * 4
        for weight in packed[first..<first + 4] { biasU8[channel] -= 128 * Int32(weight) }
      }
    }
    node.inputs[1]?.bytes = bytes(of: packed)
    node.inputs[3]?.bytes = bytes(of: biasU8)
    return sparse
  }
}

/// The operands of block-sparse weights, band by band.
struct SparseOperands {
  private var kept: [Int8] = []
  private var first: [Int32] = [0]
  private var dwords: [UInt16] = []

  mutating func append(_ column: Int, _ block: ArraySlice<Int8>) {
    dwords.append(UInt16(column))
    kept += block
  }

  mutating func endBand() { first.append(Int32(dwords.count)) }

  var values: Operand { .int8(kept, [kept.count], scale: 0).constant }
  var starts: Operand { .int32(first, [first.count]).constant }
  var columns: Operand { Operand(.int16, [dwords.count], bytes: bytes(of: dwords)).constant }
}

extension HostileNodeTests {
  /// 7 outputs of 12 dwords each: 8 bands of 2, the first three with two blocks.
  static func sparse() -> SingleNode {
    var node = convolution()
    var operands = SparseOperands()
    for band in 0..<8 {
      for column in band < 3 ? [band, 11] : [] {
        operands.append(column, ArraySlice(repeating: 1, count: 8))
      }
      operands.endBand()
    }
    node.inputs[1] = operands.values
    node.inputs += [nil, nil, operands.starts, operands.columns]
    return node
  }

  /// 7 outputs of 2 dwords each.
  static func sparseLinear() -> SingleNode {
    var node = linear()
    var operands = SparseOperands()
    for _ in 0..<4 {
      operands.append(1, ArraySlice(repeating: 1, count: 16))
      operands.endBand()
    }
    node.inputs[1] = operands.values
    node.inputs += [operands.starts, operands.columns]
    return node
  }

  private static func put<T: BitwiseCopyable>(
    _ node: inout SingleNode, _ input: Int, _ index: Int, _ value: T
  ) {
    let size = MemoryLayout<T>.size
    node.inputs[input]?.bytes.replaceSubrange(
      index * size..<(index + 1) * size, with: bytes(of: [value]))
  }

  static let sparseNodes: [Case] = [
    Case("sparse, no columns", sparse) { $0.inputs[8] = nil },
    Case("sparse, column outside", sparse) { put(&$0, 8, 5, UInt16(12)) },
    Case("sparse, huge column", sparse) { put(&$0, 8, 0, UInt16.max) },
    Case("sparse, column twice", sparse) { put(&$0, 8, 0, UInt16(11)) },
    Case("sparse, columns descend", sparse) { put(&$0, 8, 3, UInt16(0)) },
    Case("sparse, bands descend", sparse) { put(&$0, 7, 1, Int32(5)) },
    Case("sparse, start below 0", sparse) { put(&$0, 7, 1, Int32(-1)) },
    Case("sparse, start past the end", sparse) { put(&$0, 7, 2, Int32.max) },
    Case("sparse, first start is not 0", sparse) { put(&$0, 7, 0, Int32(1)) },
    Case("sparse, last start is not the number", sparse) { put(&$0, 7, 8, Int32(5)) },
    Case("sparse, few values", sparse) { $0.inputs[1]?.dims = [47] },
    Case("sparse, few columns", sparse) { $0.inputs[8]?.dims = [5] },
    Case("sparse, bands of three", sparse) { $0.inputs[7]?.dims = [7] },
    Case("sparse, no bands", sparse) { $0.inputs[7]?.dims = [1] },
    Case("sparse, float starts", sparse) { $0.inputs[7]?.type = .float32 },
    Case("sparse, int8 columns", sparse) { $0.inputs[8]?.type = .int8 },
    Case("sparse, starts in the arena", sparse) { $0.inputs[7]?.isConstant = false },
    Case("sparse, columns in the arena", sparse) { $0.inputs[8]?.isConstant = false },
    Case("sparse, smaller window", sparse) {
      set(&$0, 0, 2); $0.output.dims[1] = 7
    },
    Case("sparse, more outputs", sparse) { $0.output.dims[3] = 17 },
    Case("sparse depthwise", sparse) {
      $0.opCode = .depthwise; $0.output.dims[3] = 5; set(&$0, 10, 5)
    },
    Case("linear, sparse, no columns", sparseLinear) { $0.inputs[9] = nil },
    Case("linear, sparse, column outside", sparseLinear) { put(&$0, 9, 3, UInt16(2)) },
    Case("linear, sparse, few values", sparseLinear) { $0.inputs[1]?.dims = [63] },
    Case("linear, sparse, fewer inputs", sparseLinear) {
      $0.inputs[0]?.dims = [3, 4]; $0.inputs[6]?.dims = [4]
    },
  ]
}
