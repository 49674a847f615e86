import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Nodes whose operands or parameters do not fit are refused when the model is opened, with the
/// node named.
@Suite struct HostileNodeTests {
  /// A sound node, and a way to spoil it.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var sound: @Sendable () -> SingleNode
    var spoil: @Sendable (inout SingleNode) -> Void
    var testDescription: String { name }

    init(
      _ name: String, _ sound: @escaping @Sendable () -> SingleNode,
      _ spoil: @escaping @Sendable (inout SingleNode) -> Void
    ) {
      self.name = name
      self.sound = sound
      self.spoil = spoil
    }
  }

  @Test(
    arguments: convolutions + sparseNodes + windows + elementwise + movement + recurrences + indexed
      + others)
  func isRefused(test: Case) throws {
    let sound = test.sound()
    #expect(sound.refusal() == nil, "the node is not sound to begin with")
    var spoilt = sound
    test.spoil(&spoilt)
    let error = spoilt.refusal()
    #expect(error?.code == .modelCorrupt)
    #expect(error?.node == 0, "\(error.map(message) ?? "accepted")")
  }

  /// Random damage to sound nodes: each is refused, or runs and leaves what lies behind its output
  /// alone.
  @Test(arguments: 0..<40) func damagedNodesStayInside(seed: Int) throws {
    let kinds = [
      HostileNodeTests.convolution, HostileNodeTests.sparse, HostileNodeTests.sparseLinear,
      HostileNodeTests.depthwise, HostileNodeTests.pool,
      HostileNodeTests.gridSample, HostileNodeTests.roiAlign,
      HostileNodeTests.stft, HostileNodeTests.dft, HostileNodeTests.lstm, HostileNodeTests.gru,
      HostileNodeTests.int8LSTM,
      HostileNodeTests.binary, HostileNodeTests.compare, HostileNodeTests.select,
      HostileNodeTests.cumulative, HostileNodeTests.transpose, HostileNodeTests.slice,
      HostileNodeTests.pad, HostileNodeTests.concat, HostileNodeTests.gather,
      HostileNodeTests.gatherND, HostileNodeTests.gatherElements, HostileNodeTests.scatterND,
      HostileNodeTests.scatterElements, HostileNodeTests.nonZero,
      HostileNodeTests.nonMaxSuppression, HostileNodeTests.matmul, HostileNodeTests.reduce,
      HostileNodeTests.argReduce,
    ]
    var random = SeededRandom(seed)
    for kind in kinds {
      for _ in 0..<10 {
        var node = kind()
        damage(&node, &random)
        do throws(EdgeError) {
          for input in node.inputs.indices where node.inputs[input]?.isConstant == false {
            let operand = node.inputs[input]
            let count = (operand?.count ?? 0) * (operand?.type.byteCount ?? 0)
            node.inputs[input]?.bytes = [UInt8](repeating: 0x55, count: min(count, 1 << 20))
          }
          let result = try node.run(threads: 2, kernels: OpenModel.kernelNames.last ?? "scalar")
          #expect(result.isClean, "seed \(seed): \(node)")
        } catch {
          #expect(error.code != .internal, "seed \(seed): \(node)")
        }
      }
    }
  }

  private func damage(_ node: inout SingleNode, _ random: inout SeededRandom) {
    let values = [0, 1, 2, 3, 5, 8, 16, 64, -1, -2, 255, 32768]
    for _ in 0..<random.int(1...3) {
      let value = values[random.int(0...(values.count - 1))]
      switch random.int(0...2) {
      case 0 where !node.parameterBytes.isEmpty:
        HostileNodeTests.set(&node, random.int(0...(node.parameterBytes.count / 4 - 1)), value)
      case 1:
        node.output.dims[random.int(0...(node.output.dims.count - 1))] = min(64, max(0, value))
      default:
        let input = random.int(0...(node.inputs.count - 1))
        guard let operand = node.inputs[input], !operand.isConstant else { continue }
        node.inputs[input]?.dims[random.int(0...(operand.dims.count - 1))] = min(64, max(0, value))
      }
    }
  }
}
