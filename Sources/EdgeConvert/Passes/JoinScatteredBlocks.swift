import EdgeFormat

extension Passes {
  /// A ScatterND whose constant indices name a block of neighbouring rows, which differs from the
  /// data in one axis at most, becomes a Concat of what lies before, the updates, and what lies
  /// after: how exporters write `cache[:, :, 2:6] = x`.
  static let joinScatteredBlocks: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep[position].op == "ScatterND" {
      if let joined = ScatteredBlock(position, graph)?.joined(&sweep) {
        sweep.replace(position, by: joined)
      }
    }
    return sweep.finish()
  }
}

/// The rows that a ScatterND with constant indices writes, when they are a block in row-major order.
private struct ScatteredBlock {
  private let position: Int
  private let node: Node
  private let data: ValueID
  private let updates: ValueID
  /// First place and size of the block on each axis that the indices name.
  private let starts: [Int]
  private let sizes: [Int]
  /// Sizes of the data on these axes.
  private let extents: [Int]
  private let dataShape: [Dimension]
  private let updatesShape: [Dimension]

  init?(_ position: Int, _ graph: Graph) {
    let node = graph.nodes[position]
    guard let source = node.input(0), let news = node.input(2),
      (try? Operator.scatterReduction(node)) == ScatterReduction.none,
      let indices = graph.constant(node, 1), let depth = indices.shape.last, depth > 0,
      let data = graph.operand(node, 0)?.shape, let updates = graph.operand(node, 2)?.shape,
      depth <= data.count
    else { return nil }
    let extents = data.prefix(depth).compactMap(\.constant)
    guard extents.count == depth, indices.count > 0 else { return nil }
    let raw = indices.ints
    let tuples = stride(from: 0, to: raw.count, by: depth).map { first in
      (0..<depth).map { raw[first + $0] < 0 ? raw[first + $0] + extents[$0] : raw[first + $0] }
    }
    let starts = tuples[0], ends = tuples[tuples.count - 1]
    let sizes = zip(starts, ends).map { $1 - $0 + 1 }
    guard sizes.allSatisfy({ $0 > 0 }), sizes.reduce(1, *) == tuples.count,
      (0..<depth).allSatisfy({ starts[$0] >= 0 && ends[$0] < extents[$0] }),
      zip(Positions(sizes), tuples).allSatisfy({ position, tuple in
        position.indices.allSatisfy { position[$0] + starts[$0] == tuple[$0] }
      })
    else { return nil }
    (self.position, self.node, self.data, self.updates) = (position, node, source, news)
    (self.starts, self.sizes, self.extents) = (starts, sizes, extents)
    (dataShape, updatesShape) = (data, updates)
  }

  /// The node that makes the result; nil when the block is smaller than the data on several axes.
  func joined(_ sweep: inout Rewriter) -> Node? {
    let partial = sizes.indices.filter { sizes[$0] < extents[$0] }
    let shape = sizes.map { Dimension($0) } + dataShape.dropFirst(sizes.count)
    let target = shape.compactMap(\.constant)
    guard partial.count <= 1, updatesShape == shape || target.count == shape.count else {
      return nil
    }
    var block = updates
    if updatesShape != shape {
      let list = sweep.constant(
        "\(node.name)/shape", Tensor(target.map { Int64($0) }, shape: [target.count]))
      block = insert("Reshape", [updates, list], &sweep)
    }
    var result = node
    result.opset = Operator.latestOpset
    result.attributes = [:]
    guard let axis = partial.first else {
      result.op = "Identity"
      result.inputs = [block]
      return result
    }
    let end = starts[axis] + sizes[axis]
    var parts = [block]
    if starts[axis] > 0 { parts.insert(part(0, starts[axis], axis, &sweep), at: 0) }
    if end < extents[axis] { parts.append(part(end, extents[axis], axis, &sweep)) }
    result.op = "Concat"
    result.inputs = parts
    result.attributes = ["axis": .int(Int64(axis))]
    return result
  }

  /// A Slice of the data along one axis.
  private func part(_ start: Int, _ end: Int, _ axis: Int, _ sweep: inout Rewriter) -> ValueID {
    let operands = [start, end, axis].map { number in
      sweep.constant("\(node.name)/bound", Tensor([Int64(number)], shape: [1]))
    }
    return insert("Slice", [data] + operands, &sweep)
  }

  private func insert(_ op: String, _ inputs: [ValueID], _ sweep: inout Rewriter) -> ValueID {
    let value = sweep.value("\(node.name)/\(op)")
    let made = Node(
      name: sweep.graph[value].name, op: op, opset: Operator.latestOpset, inputs: inputs,
      outputs: [value])
    sweep.insert([made], before: position)
    return value
  }
}
