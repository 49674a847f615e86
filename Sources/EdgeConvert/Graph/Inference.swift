import EdgeFormat

/// Types, shapes and small contents of all values, from the graph's inputs on.
///
/// Our own rules with symbolic sizes. What can be computed from constants is computed, so that
/// shapes that depend on it are known.
enum Inference {
  /// Fills in what can be known.
  /// - Returns: a problem for every node at which inference stopped; what follows from it is left
  ///   unknown.
  static func run(_ graph: inout Graph) -> [Obstacle] {
    var obstacles: [Obstacle] = []
    for node in graph.nodes {
      guard let rule = Operator.of(node), !rule.isComposite else { continue }
      let known = node.inputs.compactMap { $0 }.allSatisfy {
        graph[$0].type != nil && graph[$0].shape != nil
      }
      guard known else { continue }
      do {
        try visit(node, rule, &graph)
      } catch ConversionError.obstacles(let found) {
        obstacles += found
      } catch ConversionError.invalid(let message) {
        obstacles.append(
          node.obstacle(message, remedy: "the model contradicts itself; export it again"))
      } catch {
        obstacles.append(node.obstacle("\(error)", remedy: "export the model again"))
      }
    }
    return obstacles
  }

  /// Elements of the largest constant that is computed at conversion.
  private static let foldingLimit = 1 << 27

  /// Infers the results of one node, whose operands are known.
  static func visit(_ node: Node, _ rule: Operator, _ graph: inout Graph) throws {
    if node.outputs.allSatisfy({ $0.map { graph[$0].constant != nil } ?? true }) { return }
    if rule.isDeterministic, let operands = constants(node, graph) {
      let sizes =
        (try? rule.infer(node, graph))?.compactMap { $0.shape.reduce(Dimension(1), *).constant }
        ?? []
      guard sizes.allSatisfy({ $0 <= foldingLimit }) else {
        throw node.invalid("makes a constant of \(sizes) elements")
      }
      for (output, tensor) in zip(node.outputs, try rule.evaluate(node, operands)) {
        guard let output else { continue }
        graph.fix(output, tensor)
        graph[output].grid = graph.operand(node, 0).flatMap {
          Grid(moving: node, $0, to: tensor.shape)
        }
      }
      return
    }
    for (output, inferred) in zip(node.outputs, try rule.infer(node, graph)) {
      guard let output else { continue }
      graph[output].type = inferred.type
      graph[output].shape = inferred.shape
    }
    guard let output = node.output(0), let type = graph[output].type, !type.isFloat,
      let content = rule.symbolic(node, graph), content.count <= 4096
    else { return }
    let values = content.compactMap(\.constant)
    if values.count == content.count, let shape = graph[output].shape {
      let sizes = shape.compactMap(\.constant)
      if sizes.count == shape.count, sizes.reduce(1, *) == values.count {
        graph.fix(output, Tensor(values.map { Int64($0) }, shape: sizes, type: type))
        return
      }
    }
    graph[output].symbolic = content
  }

  private static func constants(_ node: Node, _ graph: Graph) -> [Tensor?]? {
    var operands: [Tensor?] = []
    for input in node.inputs {
      if let input {
        guard let constant = graph[input].constant else { return nil }
        operands.append(constant)
      } else {
        operands.append(nil)
      }
    }
    return operands
  }
}

extension Graph {
  /// Makes a value a constant.
  mutating func fix(_ id: ValueID, _ tensor: Tensor) {
    self[id].constant = tensor
    self[id].type = tensor.type
    self[id].shape = tensor.shape.map { Dimension($0) }
    self[id].symbolic = nil
  }
}

extension Operator {
  /// Its result depends on its operands only, so it may be computed at conversion.
  var isDeterministic: Bool {
    !name.hasPrefix("Random") && name != "Bernoulli" && name != "Multinomial"
  }
}
