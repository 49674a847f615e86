import EdgeFormat

/// A graph in which composites are being replaced by simpler nodes: what the bodies of
/// `Operator.composite` write with.
///
/// Types, shapes and constant contents are inferred node by node, so that a body may ask for those
/// of what it has just made.
public struct Expansion {
  var graph: Graph
  private var nodes: [Node] = []
  private var names: [String: ValueID]
  private var hasExpanded = false
  /// The composite being expanded.
  private(set) var node = Node(name: "", op: "", opset: 0, inputs: [], outputs: [])

  init(_ graph: Graph) {
    self.graph = graph
    self.graph.nodes = []
    names = graph.idsByName
  }

  /// Copies a node, or replaces it by the nodes of its body when it has one that takes it.
  mutating func visit(_ original: Node, _ bodyOf: (Operator) -> Operator.Body?) throws {
    guard let rule = Operator.of(original), let body = bodyOf(rule), knowsInputs(of: original),
      rule.opsets.contains(original.opset), rule.check(original, graph).isEmpty
    else { return append(original) }
    let before = self
    do {
      guard let results = try expand(original, body) else { return append(original) }
      for (output, result) in zip(original.outputs, results) {
        guard let output, let result else { continue }
        append(
          Node(
            name: "\(original.name)/\(graph[output].name)", op: "Identity",
            opset: Operator.latestOpset, inputs: [result], outputs: [output]))
      }
      hasExpanded = true
    } catch ConversionError.obstacles {
      self = before
      append(original)
    }
  }

  private mutating func expand(_ composite: Node, _ body: Operator.Body) throws -> [ValueID?]? {
    let outer = node
    node = composite
    defer { node = outer }
    return try body(composite, &self)
  }

  /// The graph with composites replaced; nil when there was none to replace.
  func finish() -> Graph? { hasExpanded ? whole : nil }

  /// The graph with every node visited or appended.
  var whole: Graph {
    var result = graph
    result.nodes = nodes
    return result
  }

  /// Why a node that stayed was not replaced by the nodes of its body.
  static func obstacles(
    of composite: Node, _ body: Operator.Body, _ graph: Graph
  ) -> [Obstacle] {
    var trial = Expansion(graph)
    guard trial.knowsInputs(of: composite) else {
      return [
        composite.obstacle(
          "the shapes of its operands are not known", remedy: "give the model's inputs shapes")
      ]
    }
    do {
      _ = try trial.expand(composite, body)
      return []
    } catch ConversionError.obstacles(let found) {
      return found
    } catch {
      return [composite.obstacle("\(error)", remedy: "export the model again")]
    }
  }

  private func knowsInputs(of node: Node) -> Bool {
    node.inputs.allSatisfy { input in
      input.map { graph[$0].type != nil && graph[$0].shape != nil } ?? true
    }
  }

  /// Appends a node as it is and infers its results.
  mutating func append(_ node: Node) {
    graph.nodes = [node]
    _ = Inference.run(&graph)
    nodes.append(node)
  }
}

// MARK: What bodies use

extension Expansion {
  /// Appends a node of the newest opset and infers its results; a composite is expanded at once.
  /// - Returns: its first output.
  /// - Throws: `ConversionError` when it cannot be inferred.
  mutating func apply(
    _ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:]
  ) throws -> ValueID {
    try applyAll(op, inputs, attributes, outputs: 1)[0]
  }

  /// Appends a node with several outputs.
  mutating func applyAll(
    _ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], outputs: Int
  ) throws -> [ValueID] {
    let outer = node
    var made = Node(
      name: "\(outer.name)/\(op)", op: op, opset: Operator.latestOpset, inputs: inputs, outputs: [],
      attributes: attributes)
    made.absorbed = [outer.name] + outer.absorbed
    if let body = Operator.table[op]?.body,
      let results = try expand(made, body)?.compactMap({ $0 })
    {
      guard results.count >= outputs else { throw made.invalid("has no \(outputs) outputs") }
      return results
    }
    let results = (0..<outputs).map { _ in value(made.name) }
    made.outputs = results
    made.name = graph[results[0]].name
    guard let rule = Operator.table[op] else { throw made.invalid("is no known operator") }
    try Inference.visit(made, rule, &graph)
    if results.contains(where: { graph[$0].constant == nil }) { nodes.append(made) }
    return results
  }

  /// Appends the nodes of a subgraph, its inputs being these values.
  /// - Returns: its outputs.
  mutating func inline(_ subgraph: Graph, _ inputs: [ValueID]) throws -> [ValueID] {
    guard inputs.count == subgraph.inputs.count else {
      throw node.invalid(
        "gives \(inputs.count) values to a subgraph of \(subgraph.inputs.count) inputs")
    }
    var ids: [ValueID: ValueID] = [:]
    var renamed: [String: String] = [:]
    for (inner, outer) in zip(subgraph.inputs, inputs) { ids[inner] = outer }
    for inner in subgraph.captures {
      guard let outer = names[subgraph[inner].name] else {
        throw node.invalid("captures \"\(subgraph[inner].name)\", which is not known")
      }
      ids[inner] = outer
    }
    for index in subgraph.values.indices {
      let inner = ValueID(index: index)
      var value = subgraph.values[index]
      if ids[inner] == nil {
        value.name = "\(node.name)/\(value.name)"
        ids[inner] = add(value)
      }
      renamed[subgraph.values[index].name] = ids[inner].map { graph[$0].name }
    }
    for inner in subgraph.nodes {
      var copy = inner.rebinding(renamed)
      copy.name = "\(node.name)/\(inner.name)"
      copy.inputs = inner.inputs.map { $0.flatMap { ids[$0] } }
      copy.outputs = inner.outputs.map { $0.flatMap { ids[$0] } }
      try visit(copy, \.body)
    }
    return subgraph.outputs.compactMap { ids[$0] }
  }

  /// A constant.
  mutating func constant(_ tensor: Tensor) -> ValueID {
    let id = value("\(node.name)/constant")
    graph.fix(id, tensor)
    return id
  }

  /// A constant int64 list, as axes and shapes are.
  mutating func constant(ints values: [Int]) -> ValueID {
    constant(Tensor(values.map { Int64($0) }, shape: [values.count]))
  }

  /// A constant number of a type, of rank 0.
  mutating func constant(_ number: Float, _ type: ElementType = .float32) -> ValueID {
    constant(
      type.isFloat
        ? Tensor([number], shape: [], type: type)
        : Tensor([Int64(clamping: Double(number))], shape: [], type: type))
  }

  /// Sizes of a value, in ONNX order.
  func shape(_ id: ValueID) throws -> [Dimension] {
    guard let shape = graph[id].shape else {
      throw node.invalid("the shape of \(graph[id].name) is not known")
    }
    return shape
  }

  /// Sizes of a value that must be known at conversion.
  /// - Throws: `ConversionError.obstacles` when one depends on the caller.
  func sizes(_ id: ValueID) throws -> [Int] {
    let shape = try shape(id)
    let known = shape.compactMap(\.constant)
    guard known.count == shape.count else {
      throw ConversionError.obstacles([
        node.obstacle(
          "the shape of \(graph[id].name) depends on run-time sizes",
          remedy: "fix the model's input shapes")
      ])
    }
    return known
  }

  /// Element type of a value.
  func type(_ id: ValueID) throws -> ElementType {
    guard let type = graph[id].type else {
      throw node.invalid("the type of \(graph[id].name) is not known")
    }
    return type
  }

  /// Content of a value that is known at conversion.
  func tensor(_ id: ValueID?) -> Tensor? { id.flatMap { graph[$0].constant } }

  /// Content of a short integer value in terms of the inputs' symbols, when it is known.
  func content(_ id: ValueID) -> [Dimension]? {
    graph[id].constant.map { $0.integers.map { Dimension(Int($0)) } } ?? graph[id].symbolic
  }

  /// An operand of the composite; nil when absent.
  func input(_ index: Int) -> ValueID? { node.input(index) }

  /// A required operand of the composite.
  func required(_ index: Int) throws -> ValueID {
    guard let input = node.input(index) else { throw node.invalid("operand \(index) is missing") }
    return input
  }

  /// A value of a name that is free, to be inferred.
  mutating func value(_ name: String) -> ValueID { add(Value(name: name)) }

  /// Adds a value under a name that is free.
  private mutating func add(_ value: Value) -> ValueID {
    var named = value
    var number = 1
    while names[named.name] != nil {
      number += 1
      named.name = "\(value.name)#\(number)"
    }
    let id = graph.add(named)
    names[named.name] = id
    return id
  }
}

extension Node {
  /// The node with the names that its subgraphs capture replaced.
  fileprivate func rebinding(_ names: [String: String]) -> Node {
    var node = self
    for case (let key, .graph(var graph)) in attributes {
      for id in graph.captures {
        if let name = names[graph[id].name] { graph[id].name = name }
      }
      graph.nodes = graph.nodes.map { $0.rebinding(names) }
      node.attributes[key] = .graph(graph)
    }
    return node
  }
}
