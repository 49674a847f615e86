import Foundation

/// Evens out the channels of values between two layers (T4).
///
/// Channel c is divided by s_c where it is made and multiplied by s_c in the weights that read it.
/// The float function stays the same, through ReLU and LeakyReLU too, but no channel has to share
/// a scale with one many times its size.
struct Equalization {
  /// A value whose channels can be scaled, and the layers on both sides.
  struct Link {
    var value: ValueID
    var producer: Int
    var consumers: [Consumer]
    var channels: Int
  }

  /// A layer that reads the channels, from its input channel `offset` on.
  struct Consumer {
    var node: Int
    var offset: Int
  }

  private let graph: Graph
  private let uses: Uses
  private let choices: [PrecisionChoice]
  private(set) var links: [Link] = []

  /// Finds the links between INT8 layers of a graph.
  init(graph: Graph, choices: [PrecisionChoice]) {
    self.graph = graph
    self.choices = choices
    uses = Uses(graph)
    for position in graph.nodes.indices {
      if let link = link(position) { links.append(link) }
    }
  }

  /// The graph with every link scaled for the least expected noise.
  /// - Parameter statistics: of the links' values, in the graph as it is.
  func applied(_ statistics: [ValueID: ChannelStatistics]) -> Graph {
    var scaled = graph
    for link in links {
      guard let channels = statistics[link.value], channels.count == link.channels,
        let scales = EqualizationScales(link, scaled, channels).best()
      else { continue }
      scaled.scaleOutput(of: link.producer, by: scales.map { 1 / $0 })
      for consumer in link.consumers {
        scaled.scaleInput(of: consumer.node, from: consumer.offset, by: scales)
      }
    }
    return scaled
  }

  private func link(_ position: Int) -> Link? {
    let node = graph.nodes[position]
    guard isLayer(position), node.op == "Conv" || node.op == "Gemm", node.residualIndex == nil,
      isHomogeneous(Epilogue(node).activation), let value = node.outputs[0],
      let weights = node.inputs[1],
      let tensor = graph[weights].constant
    else { return nil }
    let channels = WeightScales.channelCount(node, tensor)
    guard channels > 1, let consumers = consumers(of: value, offset: 0, channels),
      !consumers.isEmpty
    else { return nil }
    return Link(value: value, producer: position, consumers: consumers, channels: channels)
  }

  private func isLayer(_ position: Int) -> Bool {
    guard choices[position].precision == .int8, graph.nodes[position].inputs.count > 1,
      let weights = graph.nodes[position].inputs[1]
    else { return false }
    return graph[weights].constant != nil
  }

  private func isHomogeneous(_ activation: Epilogue.Activation) -> Bool {
    switch activation {
    case .none: true
    case .clamp(let low, let high): (low == 0 || low == -.infinity) && high == .infinity
    case .leakyRelu(let slope): slope >= 0
    }
  }

  /// All layers that read the channels, or nil when something else reads them too.
  private func consumers(of value: ValueID, offset: Int, _ channels: Int) -> [Consumer]? {
    guard !uses.isOutput[value.index] else { return nil }
    var found: [Consumer] = []
    for reader in uses.readers[value.index] {
      let node = graph.nodes[reader]
      guard node.inputs[0] == value || node.op == "Concat",
        node.residualIndex.map({ node.inputs[$0] != value }) ?? true
      else { return nil }
      switch node.op {
      case "Conv", "Gemm":
        guard isLayer(reader), node.op == "Conv" || (node.int("transB") ?? 0) <= 1 else {
          return nil
        }
        found.append(Consumer(node: reader, offset: offset))
      case "MaxPool", "AveragePool", "GlobalAveragePool", "Resize", "Flatten", "Reshape", "Squeeze",
        "Concat":
        guard let next = node.outputs[0], node.outputs.dropFirst().allSatisfy({ $0 == nil }),
          let shift = shift(node, value, next),
          let more = consumers(of: next, offset: offset + shift, channels)
        else { return nil }
        found += more
      default: return nil
      }
    }
    return found
  }

  /// By how many channels a node that keeps channels apart moves those of one operand; nil when it mixes them.
  private func shift(_ node: Node, _ value: ValueID, _ next: ValueID) -> Int? {
    guard let from = graph[value].shape, let to = graph[next].shape, from.count > 1, to.count > 1,
      let channels = from[1].constant
    else { return nil }
    if node.op == "Concat" {
      guard (node.int("axis") ?? 1) == 1, node.inputs.count(where: { $0 == value }) == 1 else {
        return nil
      }
      var shift = 0
      for input in node.inputs {
        guard let input else { return nil }
        if input == value { return shift }
        guard let size = graph[input].shape?[1].constant else { return nil }
        shift += size
      }
      return nil
    }
    let isFlat = ["Flatten", "Reshape", "Squeeze"].contains(node.op)
    if isFlat, !from.dropFirst(2).allSatisfy({ $0.constant == 1 }) { return nil }
    return to[1].constant == channels ? 0 : nil
  }
}

extension Graph {
  /// Multiplies the output channels of a layer: weights and bias.
  mutating func scaleOutput(of position: Int, by factors: [Float]) {
    let node = nodes[position]
    replaceConstant(position, input: 1) { tensor in
      let isColumn = node.op == "Gemm" && (node.int("transB") ?? 0) == 0
      let row = isColumn ? 1 : tensor.count / Swift.max(factors.count, 1)
      return tensor.floats.enumerated().map { $1 * factors[$0 / row % factors.count] }
    }
    if node.inputs.count > 2, node.inputs[2] != nil {
      replaceConstant(position, input: 2) { tensor in
        let values = tensor.floats
        return factors.indices.map { factors[$0] * values[values.count == 1 ? 0 : $0] }
      }
    }
  }

  /// Multiplies some input channels of a layer's weights, from channel `offset` on.
  mutating func scaleInput(of position: Int, from offset: Int, by factors: [Float]) {
    let node = nodes[position]
    replaceConstant(position, input: 1) { tensor in
      let layout = InputChannels(node, tensor)
      return tensor.floats.enumerated().map { index, weight in
        let channel = layout.channel(index) - offset
        return factors.indices.contains(channel) ? weight * factors[channel] : weight
      }
    }
  }

  private mutating func replaceConstant(_ position: Int, input: Int, _ change: (Tensor) -> [Float])
  {
    guard let id = nodes[position].inputs[input], let tensor = self[id].constant else { return }
    var value = self[id]
    let values = change(tensor)
    value.constant = Tensor(
      values, shape: values.count == tensor.count ? tensor.shape : [values.count])
    value.name += "/\(position)"
    nodes[position].inputs[input] = add(value)
  }
}

/// Which input channel each weight of a convolution or matrix product reads.
struct InputChannels {
  private let window: Int
  private let perGroup: Int
  private let rowsPerGroup: Int

  init(_ node: Node, _ weights: Tensor) {
    switch node.op {
    case "Gemm":
      window = node.int("transB") == 1 ? 1 : weights.shape[1]
      perGroup = node.int("transB") == 1 ? weights.shape[1] : weights.shape[0]
      rowsPerGroup = Swift.max(weights.count, 1)
    default:
      perGroup = weights.shape[1]
      window = Swift.max(weights.count / Swift.max(weights.shape[0] * perGroup, 1), 1)
      rowsPerGroup = Swift.max(weights.shape[0] / (node.int("group") ?? 1), 1)
    }
  }

  /// The channel that the weight at a position reads.
  func channel(_ index: Int) -> Int {
    let cell = index / window
    let row = cell / perGroup
    return row / rowsPerGroup * perGroup + cell % perGroup
  }
}
