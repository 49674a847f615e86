/// Brings the channels of model inputs to one size before they are rounded, by a product in float, and undoes it in the
/// weights of the layer that reads them.
///
/// Inputs hold what sensors give: coordinates beside heights beside intensities, of which one scale keeps only the largest.
struct InputEqualization {
  /// Noise that must be left out for the product to be worth its time.
  private static let worth = 0.5

  /// An input that one layer alone reads.
  private struct Link {
    var input: ValueID
    var layer: Int
    /// The axis of the channels.
    var axis: Int
  }

  private let graph: Graph
  private let links: [Link]

  /// - Parameter choices: the precision of each node.
  init(graph: Graph, choices: [PrecisionChoice]) {
    self.graph = graph
    let uses = Uses(graph)
    links = graph.inputs.compactMap { input in
      guard uses.readers[input.index].count == 1, let layer = uses.readers[input.index].first,
        choices[layer].precision == .int8, let rank = graph[input].shape?.count, rank > 1,
        graph[input].type == .float32, graph.nodes[layer].input(0) == input,
        graph.constant(graph.nodes[layer], 1) != nil
      else { return nil }
      switch graph.nodes[layer].op {
      case "MatMul": return Link(input: input, layer: layer, axis: rank - 1)
      case "Conv" where (graph.nodes[layer].int("group") ?? 1) == 1:
        return Link(input: input, layer: layer, axis: 1)
      default: return nil
      }
    }
  }

  /// The graph with evened inputs; nil when none gains enough.
  /// - Parameter samples: whose inputs are looked at.
  func applied(_ samples: [LoadedSample]) -> Graph? {
    var result = graph
    var added: [Node] = []
    for link in links {
      guard let position = graph.inputs.firstIndex(of: link.input),
        let peaks = largest(samples.flatMap { $0.runs.map { $0[position] } }, axis: link.axis),
        let factors = evening(link, peaks)
      else { continue }
      added.append(result.even(link.input, readBy: link.layer, factors, axis: link.axis))
    }
    guard !added.isEmpty else { return nil }
    result.nodes = added + result.nodes
    return result
  }

  /// What each channel is multiplied by: the largest peak over its own; nil when little noise is left out.
  private func evening(_ link: Link, _ peaks: [Float]) -> [Float]? {
    guard let weights = graph.constant(graph.nodes[link.layer], 1), let most = peaks.max(),
      most > 0,
      let layout = InputEqualization.channels(graph.nodes[link.layer], weights, peaks.count)
    else { return nil }
    var before = 0.0
    var after = 0.0
    for (index, weight) in weights.floats.enumerated() {
      let power = Double(weight) * Double(weight)
      let part = Double(peaks[layout(index)] / most)
      before += power
      after += power * part * part
    }
    guard after < InputEqualization.worth * before else { return nil }
    return peaks.map { $0 > 0 ? most / $0 : 1 }
  }

  private func largest(_ tensors: [Tensor], axis: Int) -> [Float]? {
    guard let count = tensors.first?.shape[axis], count > 1 else { return nil }
    var peaks = [Float](repeating: 0, count: count)
    for tensor in tensors {
      let inner = tensor.shape.dropFirst(axis + 1).reduce(1, *)
      for (index, x) in tensor.floats.enumerated() where x.isFinite {
        peaks[index / inner % count] = Swift.max(peaks[index / inner % count], abs(x))
      }
    }
    return peaks
  }

  /// Which channel each weight reads.
  fileprivate static func channels(_ node: Node, _ weights: Tensor, _ count: Int) -> ((Int) -> Int)?
  {
    switch node.op {
    case "MatMul":
      guard weights.shape.count == 2, weights.shape[0] == count else { return nil }
      let columns = weights.shape[1]
      return { $0 / columns }
    default:
      guard weights.shape.count > 2, weights.shape[1] == count else { return nil }
      let layout = InputChannels(node, weights)
      return { layout.channel($0) }
    }
  }
}

extension Graph {
  /// Multiplies an input by channel for the layer that reads it, and divides its weights.
  /// - Returns: the node that multiplies, still to be put before all others.
  fileprivate mutating func even(
    _ input: ValueID, readBy layer: Int, _ factors: [Float], axis: Int
  ) -> Node {
    let name = "\(self[input].name)/evened"
    let rank = self[input].shape?.count ?? 1
    let shape = (0..<rank).map { $0 == axis ? factors.count : 1 }
    let constant = add(Value(name: "\(name)/factors", Tensor(factors, shape: shape)))
    let output = add(Value(name: name, type: .float32, shape: self[input].shape))
    if let id = nodes[layer].inputs[1], let weights = self[id].constant,
      let channel = InputEqualization.channels(nodes[layer], weights, factors.count)
    {
      var value = self[id]
      value.name += "/evened"
      value.constant = Tensor(
        weights.floats.enumerated().map { $1 / factors[channel($0)] }, shape: weights.shape)
      nodes[layer].inputs[1] = add(value)
    }
    nodes[layer].inputs[0] = output
    return Node(
      name: name, op: "Mul", opset: nodes[layer].opset, inputs: [input, constant],
      outputs: [output], attributes: ["edge.evens": .int(1)])
  }
}
