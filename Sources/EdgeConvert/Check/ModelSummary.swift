import EdgeFormat

/// What an ONNX model holds, for `edgeconv inspect`.
public struct ModelSummary: Codable, Sendable {
  /// A graph input or output.
  public struct Interface: Codable, Sendable {
    public var name: String
    public var type: String
    public var shape: [String]
  }

  public var inputs: [Interface]
  public var outputs: [Interface]
  /// Operator type, with the domain when it is not ONNX's, to how often it occurs.
  public var operators: [String: Int]
  public var parameters: Int
  /// Multiplications of convolutions and matrix products a run; per unit of the run-time sizes
  /// named in the text.
  public var multiplications: String
  public var producer: String
  public var irVersion: Int
  public var opsets: [String: Int]
  public var metadata: [String: String]
  public var nodes: Int
  /// Nodes that remain after folding and fusion.
  public var canonicalNodes: Int
  /// How much of it comes quantized, if any.
  public var quantized: String?

  /// - Throws: `ConversionError.invalid` when the model contradicts itself.
  public init(_ graph: Graph) throws {
    let given = try QuantizationReader.read(graph)
    var canonical = try Passes.all(given ?? graph)
    if given != nil {
      let quantization = GivenQuantization(canonical)
      canonical = quantization.graph
      quantized = quantization.summary
    }
    func interface(_ id: ValueID) -> Interface {
      let value = canonical[id]
      return Interface(
        name: value.name, type: value.type.map { "\($0)" } ?? "?",
        shape: value.shape?.map(\.description) ?? ["?"])
    }
    inputs = graph.inputs.map(interface)
    outputs = graph.outputs.map(interface)
    operators = [:]
    for node in graph.nodes {
      operators[node.domain.isEmpty ? node.op : "\(node.domain).\(node.op)", default: 0] += 1
    }
    parameters = graph.values.reduce(0) { $0 + ($1.constant?.count ?? 0) }
    multiplications = canonical.multiplications.description
    producer = graph.origin.producer
    irVersion = graph.origin.irVersion
    opsets = graph.origin.opsets
    metadata = graph.origin.metadata
    nodes = graph.nodes.count
    canonicalNodes = canonical.nodes.count
  }

  /// For people.
  public var text: String {
    func line(_ role: String, _ item: Interface) -> String {
      "\(role)  \(item.name)  \(item.type) [\(item.shape.joined(separator: ", "))]"
    }
    let versions = opsets.sorted { $0.key < $1.key }.map {
      "\($0.key.isEmpty ? "" : "\($0.key) ")\($0.value)"
    }
    let histogram = operators.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map {
      "\($0.value) \($0.key)"
    }
    var lines = [
      "ONNX      IR \(irVersion), opset \(versions.joined(separator: ", "))\(producer.isEmpty ? "" : ", by \(producer)")"
    ]
    lines += inputs.map { line("input   ", $0) } + outputs.map { line("output  ", $0) }
    lines.append(
      "nodes     \(nodes) (\(canonicalNodes) after folding and fusion): \(histogram.joined(separator: ", "))"
    )
    lines.append("weights   \(parameters) parameters")
    lines.append("work      \(multiplications) multiplications a run")
    if let quantized { lines.append("INT8      \(quantized)") }
    lines += metadata.sorted { $0.key < $1.key }.map { "metadata  \($0.key) = \($0.value)" }
    return lines.joined(separator: "\n")
  }
}

extension Graph {
  /// Multiplications of all convolutions and matrix products whose shapes are known.
  var multiplications: Dimension {
    nodes.reduce(Dimension(0)) { sum, node in
      guard let shape = node.output(0).flatMap({ self[$0].shape }) else { return sum }
      let size = shape.reduce(Dimension(1), *)
      switch node.op {
      case "Conv":
        guard let weights = operand(node, 1)?.shape else { return sum }
        return sum + size * weights.dropFirst().reduce(Dimension(1), *)
      case "ConvTranspose":
        guard let weights = operand(node, 1)?.shape, let input = operand(node, 0)?.shape else {
          return sum
        }
        return sum + input.reduce(Dimension(1), *) * weights.dropFirst().reduce(Dimension(1), *)
      case "Gemm", "MatMul":
        guard let left = operand(node, 0)?.shape,
          let depth = node.int("transA") == 1 ? left.first : left.last
        else {
          return sum
        }
        return sum + size * depth
      default: return sum
      }
    }
  }
}
