/// Whether a model can become a `.edge` file: the canonical graph, and everything that stands in
/// the way.
public struct Check: Sendable {
  /// The graph after all passes, every shape inferred that can be.
  public let graph: Graph
  public let obstacles: [Obstacle]
  /// What was assumed, such as a bound nobody gave.
  public let notes: [String]

  /// Ready for conversion.
  public var isReady: Bool { obstacles.isEmpty }

  /// Reads nothing and writes nothing; lowers the graph to be sure, in float or as it comes
  /// quantized.
  ///
  /// - Parameters:
  ///   - imported: as `Import` gives it.
  ///   - bounds: largest values of run-time sizes.
  ///   - states: pairs of inputs and outputs that the session keeps.
  /// - Throws: `ConversionError.invalid` when the model contradicts itself; `.usage` when a bound
  ///   is missing.
  public init(
    _ imported: Graph, bounds: [String: Int] = [:], states: StateBinding = .detected
  ) throws {
    let bound = try BoundGraph(imported, states, bounds: bounds)
    let given = try QuantizationReader.read(bound.graph)
    let (canonical, found) = try Check.examine(given ?? bound.graph)
    let quantized = given == nil ? nil : GivenQuantization(canonical)
    let graph = quantized?.graph ?? canonical
    self.graph = graph
    guard found.isEmpty else {
      obstacles = found
      notes = []
      return
    }
    let unknown = graph.nodes.filter {
      $0.outputs.contains { $0.map { graph[$0].shape == nil } ?? false }
    }
    guard unknown.isEmpty else {
      obstacles = unknown.map {
        $0.obstacle("its shape cannot be inferred", remedy: "give the model's inputs shapes")
      }
      notes = []
      return
    }
    let sizes = try RuntimeSizes(graph: graph, bounds: bound.bounds)
    notes = bound.notes + sizes.notes + (quantized.map { [$0.summary] } ?? [])
    do {
      let float = Quantization(floatNodes: graph.nodes.count)
      _ = try Plan(graph: graph, quantization: quantized?.quantization ?? float, sizes: sizes)
      obstacles = []
    } catch ConversionError.obstacles(let refused) {
      obstacles = refused
    }
  }

  /// The canonical graph of a model that is ready.
  /// - Throws: `ConversionError.obstacles` with everything that stands in the way.
  public static func prepared(_ imported: Graph) throws -> Graph {
    let (graph, found) = try examine(imported)
    guard found.isEmpty else { throw ConversionError.obstacles(found) }
    return graph
  }

  private static func examine(_ imported: Graph) throws -> (Graph, [Obstacle]) {
    var graph = try Passes.all(imported)
    var found = imported.obstacles + inputObstacles(graph)
    let inferred = Inference.run(&graph)
    for node in graph.nodes { found += obstacles(of: node, graph) }
    found += inferred.filter { obstacle in !found.contains { $0.node == obstacle.node } }
    return (graph, found)
  }

  private static func inputObstacles(_ graph: Graph) -> [Obstacle] {
    graph.inputs.compactMap { id in
      let value = graph[id]
      let isRead = graph.outputs.contains(id) || graph.nodes.contains { $0.inputs.contains(id) }
      guard isRead, value.shape == nil || value.type == nil else { return nil }
      return Obstacle(
        node: value.name, op: "input", opset: graph.origin.opsets[""] ?? 0,
        problem: value.type == nil ? "the input has no element type" : "the input has no shape",
        remedy: "declare it in the model; axes may be symbolic")
    }
  }

  /// What is wrong with one node by itself.
  static func obstacles(of node: Node, _ graph: Graph) -> [Obstacle] {
    guard let rule = Operator.of(node) else { return [unknown(node)] }
    guard rule.opsets.contains(node.opset) || isMadeHere(node) else {
      let (low, high) = (rule.opsets.lowerBound, rule.opsets.upperBound)
      return [
        node.obstacle(
          "opset \(node.opset) of this operator is not supported",
          remedy:
            "convert the model to an opset from \(max(low, 7)) to \(high) (onnx.version_converter)")
      ]
    }
    let found = rule.check(node, graph)
    guard found.isEmpty else { return found }
    if let body = rule.isComposite ? rule.body : rule.rewrite {
      return Expansion.obstacles(of: node, body, graph)
    }
    if rule.lower != nil || graph.isSizes(node) { return [] }
    return [
      node.obstacle(
        "the runtime has no kernel for it yet; it folds away only where its operands are known at conversion",
        remedy: "make its operands constant, or replace it by \(nearest(to: node.op))")
    ]
  }

  /// Passes write operators of the newest opset into models of older ones.
  private static func isMadeHere(_ node: Node) -> Bool { node.opset == Operator.latestOpset }

  private static func unknown(_ node: Node) -> Obstacle {
    if !node.domain.isEmpty {
      return node.obstacle(
        "operators of the domain \"\(node.domain)\" are not supported",
        remedy: "export the model with operators of the ONNX domain only")
    }
    switch node.op {
    default:
      return node.obstacle(
        "the operator is not supported", remedy: "replace it by \(nearest(to: node.op))")
    }
  }

  /// What a model can use instead of an operator.
  private static func nearest(to op: String) -> String {
    switch op {
    case "LSTM", "GRU", "RNN": "MatMul, Sigmoid, Tanh, Mul and Add, one step a run"
    case "Einsum": "Transpose, Reshape and MatMul"
    case "Where": "Mul and Add with a mask"
    case "InstanceNormalization", "LayerNormalization", "GroupNormalization", "RMSNormalization":
      "ReduceMean, Sub, Mul, Sqrt and Div"
    case "GatherElements", "GatherND": "Gather"
    case "ArgMax", "ArgMin", "TopK", "NonMaxSuppression":
      "its input as the output, and the choice in the application"
    case "LRN": "BatchNormalization, and train again"
    default: "operators of docs/operators.md"
    }
  }
}
