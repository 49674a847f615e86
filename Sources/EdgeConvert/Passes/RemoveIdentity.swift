extension Passes {
  /// Removes nodes that give their first input: Identity, casts and reshapes to the same,
  /// slices of everything, padding by nothing, joins of one; merges neighbouring transposes and
  /// neighbouring reshapes.
  static let removeIdentity: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) {
      let node = sweep[position]
      guard let source = node.input(0), let target = node.output(0) else { continue }
      if isIdentity(node, sweep.graph, source, target) {
        _ = sweep.bypass(position, to: source)
      } else if node.op == "Transpose" {
        mergeTransposes(position, source, &sweep)
      } else if relabels.contains(node.op) {
        mergeReshapes(position, source, target, &sweep)
      }
    }
    return sweep.finish()
  }

  private static let relabels: Set<String> = ["Reshape", "Flatten", "Squeeze", "Unsqueeze"]

  private static func isIdentity(_ node: Node, _ graph: Graph, _ source: ValueID, _ target: ValueID)
    -> Bool
  {
    if node.outputs.dropFirst().contains(where: { $0 != nil }) { return false }
    guard let before = graph[source].shape, let after = graph[target].shape else {
      return node.op == "Identity"
    }
    switch node.op {
    case "Identity": return true
    case "Cast":
      return graph[source].type != nil && graph[source].type == graph[target].type
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "Tile": return before == after
    case "Transpose":
      return (try? Operator.permutation(node, rank: before.count)) == Array(before.indices)
    case "Slice":
      guard let form = try? SliceForm(node, graph) else { return false }
      return before == after && form.steps.allSatisfy { $0 == 1 }
    case "Pad":
      guard let form = try? PadForm(node, graph) else { return false }
      return (form.before + form.after).allSatisfy { $0 == 0 }
    case "Concat", "Sum", "Mean", "Max", "Min": return node.inputs.count == 1
    case "Split": return before == after
    default: return false
    }
  }

  private static func mergeTransposes(_ position: Int, _ source: ValueID, _ sweep: inout Rewriter) {
    guard let first = sweep.producer(of: source), sweep[first].op == "Transpose",
      let origin = sweep[first].input(0),
      let rank = sweep.graph[origin].shape?.count,
      let inner = try? Operator.permutation(sweep[first], rank: rank),
      let outer = try? Operator.permutation(sweep[position], rank: rank)
    else { return }
    var merged = sweep[position]
    merged.inputs = [origin]
    merged.attributes["perm"] = .ints(outer.map { Int64(inner[$0]) })
    merged.absorb(sweep[first])
    sweep.replace(position, by: merged)
  }

  /// The second of two neighbouring reshapes reads what the first read.
  private static func mergeReshapes(
    _ position: Int, _ source: ValueID, _ target: ValueID, _ sweep: inout Rewriter
  ) {
    guard let first = sweep.producer(of: source), relabels.contains(sweep[first].op),
      let origin = sweep[first].input(0), let shape = sweep.graph[target].shape,
      shape.count(where: { $0.constant == nil }) <= 1, !shape.contains(Dimension(0))
    else { return }
    let sizes = shape.map { Int64($0.constant ?? -1) }
    var merged = sweep[position]
    merged.op = "Reshape"
    merged.opset = 13
    merged.attributes = [:]
    merged.inputs = [
      origin, sweep.constant("\(merged.name)/shape", Tensor(sizes, shape: [sizes.count])),
    ]
    merged.absorb(sweep[first])
    sweep.replace(position, by: merged)
  }
}
