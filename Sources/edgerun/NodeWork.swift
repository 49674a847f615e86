import CEdgeHost
import EdgeFormat

/// What a node of a file computes, at the bounds of its sizes.
struct NodeWork {
  /// Element type of the weights of a layer, of the first input of others.
  let elementType: ElementType?
  /// Multiply-accumulates of convolutions, products and recurrences; 0 for others.
  let multiplyAccumulates: Int
  /// Bytes of all operands.
  let bytes: Int

  /// The work of every node, in order; empty when the file does not say.
  static func all(in path: String) -> [NodeWork] {
    var bytes: UnsafeRawPointer?
    var size = 0
    guard edge_host_map_file(path, &bytes, &size) == 0, let bytes else { return [] }
    defer { edge_host_unmap_file(bytes, size) }
    return PlanReader(Reader(base: bytes, count: size))?.works ?? []
  }
}

/// Nodes and tensors of a file that the library has opened.
private struct PlanReader {
  private let tensors: Reader
  private let operands: Reader
  private let parameters: Reader
  private let nodes: Reader
  private let nodeCount: Int

  init?(_ file: Reader) {
    guard let header = file.load(0, as: Header.self) else { return nil }
    func section(_ kind: SectionKind) -> (Reader, Int)? {
      for index in 0..<Int(header.sectionCount) {
        let offset = Header.byteCount + index * SectionRecord.byteCount
        guard let record = file.load(offset, as: SectionRecord.self) else { return nil }
        guard record.kind == kind.rawValue else { continue }
        return file.slice(record.offset, record.bytes).map { ($0, Int(record.count)) }
      }
      return nil
    }
    guard let tensors = section(.tensors), let operands = section(.operands),
      let nodes = section(.nodes)
    else { return nil }
    self.tensors = tensors.0
    self.operands = operands.0
    self.nodes = nodes.0
    nodeCount = nodes.1
    parameters = section(.parameters)?.0 ?? Reader(base: file.base, count: 0)
  }

  var works: [NodeWork] {
    (0..<nodeCount).map { index in
      guard let node = nodes.load(index * NodeRecord.byteCount, as: NodeRecord.self) else {
        return NodeWork(elementType: nil, multiplyAccumulates: 0, bytes: 0)
      }
      return work(node)
    }
  }

  private func work(_ node: NodeRecord) -> NodeWork {
    let count = Int(node.inputCount) + Int(node.outputCount)
    let records = (0..<count).map { tensor(node, $0) }
    let isLayer = node.opCode == OpCode.convolution.rawValue || isDepthwise(node)
    let typed = records.isEmpty ? nil : records[isLayer && count > 1 ? 1 : 0]
    return NodeWork(
      elementType: typed.flatMap { ElementType(rawValue: $0.elementType) },
      multiplyAccumulates: multiplyAccumulates(node, records),
      bytes: records.reduce(0) { $0 + Int($1?.bytes ?? 0) })
  }

  private func multiplyAccumulates(_ node: NodeRecord, _ records: [TensorRecord?]) -> Int {
    guard node.inputCount >= 2, records.count > Int(node.inputCount), let x = records[0],
      let second = records[1], let y = records[Int(node.inputCount)]
    else { return 0 }
    switch OpCode(rawValue: node.opCode) {
    case .convolution, .depthwise:
      let offset = Int(node.parameterOffset)
      guard let form = parameters.load(offset, as: ConvolutionParameters.self) else { return 0 }
      let depth = isDepthwise(node) ? 1 : x.dimension(3) / max(1, Int(form.groups))
      return elements(y) * Int(form.kernelHeight) * Int(form.kernelWidth) * depth
    case .matmul:
      let offset = Int(node.parameterOffset)
      guard let form = parameters.load(offset, as: MatmulParameters.self) else { return 0 }
      return elements(y) * x.dimension(Int(x.rank) - (form.transposeA != 0 ? 2 : 1))
    case .lstm, .gru, .rnn:
      guard node.inputCount >= 3, let third = records[2] else { return 0 }
      return x.dimension(0) * x.dimension(1) * (elements(second) + elements(third))
    default:
      return 0
    }
  }

  private func isDepthwise(_ node: NodeRecord) -> Bool { node.opCode == OpCode.depthwise.rawValue }

  private func tensor(_ node: NodeRecord, _ position: Int) -> TensorRecord? {
    let offset = (Int(node.operandStart) + position) * 4
    guard let index = operands.load(offset, as: UInt32.self), index != NodeRecord.absent else {
      return nil
    }
    return tensors.load(Int(index) * TensorRecord.byteCount, as: TensorRecord.self)
  }

  private func elements(_ tensor: TensorRecord) -> Int {
    (0..<Int(tensor.rank)).reduce(1) { $0 * tensor.dimension($1) }
  }
}
