import EdgeFormat

/// Sizes and attributes of a recurrent operator, ONNX's or the recurrence that it becomes.
struct RecurrentForm {
  let isLSTM: Bool
  let isGRU: Bool
  let directions: Int
  let gates: Int
  let hidden: Int
  let isBatchFirst: Bool
  let linearBeforeReset: Bool
  let inputForget: Bool
  let clip: Float
  /// Three places a direction: f, g and h of ONNX.
  let activations: [UnaryFunction]
  /// Of each direction, whether it walks from the last step to the first.
  let isReversed: [Bool]

  /// - Parameters:
  ///   - node: the operator.
  ///   - r: its recurrent weights `[D, G*H, H]`.
  /// - Throws: `ConversionError` when attributes and weights contradict each other.
  init(_ node: Node, recurrence r: Tensor) throws {
    isLSTM = node.op.hasSuffix("LSTM")
    isGRU = node.op.hasSuffix("GRU")
    gates = isLSTM ? 4 : isGRU ? 3 : 1
    guard r.shape.count == 3, (1...2).contains(r.shape[0]), r.shape[1] == gates * r.shape[2] else {
      throw node.invalid("recurrent weights of shape \(r.shape) are not [D, \(gates)*H, H]")
    }
    directions = r.shape[0]
    hidden = r.shape[2]
    isBatchFirst = node.int("layout", 0) == 1
    linearBeforeReset = node.int("linear_before_reset", 0) != 0
    inputForget = node.int("input_forget", 0) != 0
    clip = node.float("clip").map { $0 > 0 ? $0 : .infinity } ?? .infinity
    let direction = node.string("direction") ?? "forward"
    guard ["forward": 1, "reverse": 1, "bidirectional": 2][direction] == directions else {
      throw node.invalid("direction \"\(direction)\" does not fit weights of \(directions)")
    }
    isReversed = direction == "bidirectional" ? [false, true] : [direction == "reverse"]
    activations = try RecurrentForm.activations(node, directions)
  }

  /// What stands between a node and a recurrence; shapes may be unknown.
  static func obstacles(_ node: Node, _ graph: Graph) -> [Obstacle] {
    var found: [Obstacle] = []
    for (index, operand) in [(1, "W"), (2, "R"), (3, "B"), (7, "P")]
    where node.input(index) != nil && graph.constant(node, index) == nil {
      found.append(
        node.obstacle(
          "\(operand) is computed at run time", remedy: "make \(operand) an initializer"))
    }
    for name in stated(node) ?? [] where function(name, nil, nil)?.parameters == nil {
      found.append(
        node.obstacle(
          "activation \(name)", remedy: "Sigmoid, Tanh, Relu, HardSigmoid, LeakyRelu or Elu"))
    }
    return found
  }

  /// Biases as the two halves of a recurrence want them: with the product of the input `[D*G*H]`,
  /// and with the recurrent product `[D, G*H]`, where it matters that they are apart.
  func biases(_ given: Tensor) -> (input: Tensor, recurrence: Tensor?) {
    let rows = gates * hidden
    let values = given.floats
    var input: [Float] = []
    var recurrence: [Float] = []
    for direction in 0..<directions {
      for row in 0..<rows {
        let own = values[direction * 2 * rows + row]
        let recurrent = values[(direction * 2 + 1) * rows + row]
        let isApart = linearBeforeReset && isGRU && row >= 2 * hidden
        input.append(isApart ? own : own + recurrent)
        recurrence.append(isApart ? recurrent : 0)
      }
    }
    return (
      Tensor(input, shape: [input.count]),
      linearBeforeReset && isGRU ? Tensor(recurrence, shape: [directions, rows]) : nil
    )
  }

  // MARK: Activations

  private static func stated(_ node: Node) -> [String]? {
    if case .strings(let names) = node.attributes["activations"], !names.isEmpty {
      names
    } else {
      nil
    }
  }

  private static func activations(_ node: Node, _ directions: Int) throws -> [UnaryFunction] {
    let standard: [String]
    switch node.op.split(separator: ".").last {
    case "LSTM": standard = ["Sigmoid", "Tanh", "Tanh"]
    case "GRU": standard = ["Sigmoid", "Tanh"]
    default: standard = ["Tanh"]
    }
    let names = stated(node) ?? Array(repeating: standard, count: directions).flatMap { $0 }
    guard names.count == directions * standard.count else {
      throw node.invalid("\(names.count) activations for \(directions) directions")
    }
    var alphas = (node.floats("activation_alpha") ?? [])[...]
    var betas = (node.floats("activation_beta") ?? [])[...]
    var result: [UnaryFunction] = []
    for (index, name) in names.enumerated() {
      let takes = parameterCount(name)
      let alpha = takes > 0 ? alphas.popFirst() : nil
      let beta = takes > 1 ? betas.popFirst() : nil
      guard let function = function(name, alpha, beta) else {
        throw node.invalid("activation \"\(name)\" is not known")
      }
      result.append(function)
      if index % standard.count == standard.count - 1 {
        result += Array(repeating: function, count: 3 - standard.count)
      }
    }
    return result
  }

  /// How many of alpha and beta an activation takes, in this order.
  private static func parameterCount(_ name: String) -> Int {
    switch name.lowercased() {
    case "affine", "scaledtanh", "hardsigmoid": 2
    case "leakyrelu", "thresholdedrelu", "elu": 1
    default: 0
    }
  }

  /// An activation, by its ONNX name in any case; nil when the runtime has no function for it.
  private static func function(_ name: String, _ alpha: Float?, _ beta: Float?) -> UnaryFunction? {
    let operators = [
      "Relu", "Tanh", "Sigmoid", "LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Elu", "Softsign",
      "Softplus",
    ]
    guard let op = operators.first(where: { $0.lowercased() == name.lowercased() }) else {
      return nil
    }
    var node = Node(name: "", op: op, opset: Operator.latestOpset, inputs: [], outputs: [])
    if let alpha { node.attributes["alpha"] = .float(alpha) }
    if let beta { node.attributes["beta"] = .float(beta) }
    return UnaryFunction(node)
  }
}
