/// A node with constant weights that is linear in its first operand, without anything fused to it:
/// what affine functions fold into.
///
/// Weights that come quantized are left as they are: scaled they would leave their grid, and a bias
/// that follows them is added in float by whoever made them, not rounded to the sums' step.
struct LinearLayer {
  let op: String
  let weightsID: ValueID
  let weights: Tensor
  let bias: [Float]
  /// Axis of the output that holds the channels, and their number.
  let channelAxis: Int
  let channelCount: Int
  private let groups: Int
  private let isTransposed: Bool

  init?(_ node: Node, _ graph: Graph) {
    guard Epilogue(node) == Epilogue(activation: .none), let id = node.input(1),
      let weights = graph[id].constant,
      weights.type.isFloat, graph[id].grid == nil,
      node.input(2) == nil || graph.constant(node, 2) != nil,
      let output = node.output(0),
      let rank = graph[output].shape?.count
    else { return nil }
    op = node.op
    weightsID = id
    self.weights = weights
    groups = node.int("group", 1)
    isTransposed = node.int("transB", 0) != 0
    switch op {
    case "Conv": (channelAxis, channelCount) = (1, weights.shape[0])
    case "ConvTranspose": (channelAxis, channelCount) = (1, weights.shape[1] * groups)
    case "Gemm":
      guard node.float("alpha", 1) == 1, node.float("beta", 1) == 1, weights.shape.count == 2 else {
        return nil
      }
      (channelAxis, channelCount) = (1, weights.shape[isTransposed ? 0 : 1])
    case "MatMul":
      guard weights.shape.count == 2, graph.operand(node, 0)?.shape?.count == rank, rank >= 2 else {
        return nil
      }
      (channelAxis, channelCount) = (rank - 1, weights.shape[1])
    default: return nil
    }
    let own = graph.constant(node, 2)
    guard own == nil || own?.count == channelCount || own?.count == 1 else { return nil }
    let values = own?.floats ?? [0]
    bias = values.count == channelCount ? values : Array(repeating: values[0], count: channelCount)
  }

  /// Channels that a Conv reads.
  var inputCount: Int { weights.shape[1] * groups }

  /// The weights with every output channel multiplied.
  func scaled(outputs factors: [Float]) -> Tensor {
    let inner: Int
    switch op {
    case "Conv": inner = weights.shape.dropFirst().reduce(1, *)
    case "ConvTranspose":
      let window = weights.shape.dropFirst(2).reduce(1, *)
      let maps = weights.shape[1]
      let perGroup = weights.shape[0] / groups
      return map { $1 * factors[$0 / window / maps / perGroup * maps + $0 / window % maps] }
    case "Gemm" where isTransposed: inner = weights.shape[1]
    default: inner = 1
    }
    return map { $1 * factors[$0 / inner % factors.count] }
  }

  /// A Conv's weights with every input channel multiplied.
  func scaled(inputs factors: [Float]) -> Tensor {
    map { $1 * factors[inputChannel($0)] }
  }

  /// What a Conv without padding gives for a constant in every input channel.
  func response(to constants: [Float]) -> [Float] {
    let inner = weights.shape.dropFirst().reduce(1, *)
    var sums = [Double](repeating: 0, count: channelCount)
    for (index, weight) in weights.floats.enumerated() {
      sums[index / inner] += Double(weight) * Double(constants[inputChannel(index)])
    }
    return sums.map { Float($0) }
  }

  /// Nothing of what the layer's weights now hold may be applied twice.
  func forgetScaling(_ node: inout Node) {
    node.attributes["alpha"] = nil
    node.attributes["beta"] = nil
  }

  private func inputChannel(_ index: Int) -> Int {
    let window = weights.shape.dropFirst(2).reduce(1, *)
    let map = index / (window * weights.shape[1])
    let group = map / (weights.shape[0] / groups)
    return group * weights.shape[1] + index / window % weights.shape[1]
  }

  private func map(_ body: (Int, Float) -> Float) -> Tensor {
    Tensor(weights.floats.enumerated().map { body($0.offset, $0.element) }, shape: weights.shape)
  }
}
