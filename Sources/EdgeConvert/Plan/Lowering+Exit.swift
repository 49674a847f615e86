import EdgeFormat

extension Lowering {
  /// Appends what is no node of the graph.
  mutating func steer(_ step: Schedule.Step) throws {
    switch step {
    case .node: break
    case .skip(let index):
      enter(.trunk, own: [])
      skip(index)
    case .join(let index):
      enter(.bypass(index), own: [])
      try join(index)
    case .exit(let index):
      enter(.head(index), own: [])
      try exit(index)
    case .answer(let index):
      enter(.tail(index), own: [])
      try answer(index)
    }
  }

  /// Appends an exit after its head.
  mutating func exit(_ index: Int) throws {
    let exit = graph.exits[index]
    let shape = try shape(of: exit.scores)
    guard storedType(of: exit.scores) == .float32 else {
      throw ConversionError.usage("exit '\(exit.name)': its scores are no real numbers")
    }
    // An image's classes are its channels.
    let order = shape.count == 4 ? AxisOrder.channelsLast(4) : Array(shape.indices)
    let scores = try operand(exit.scores, order: order).tensor
    let lambda = try exit.lambda.map { try operand($0, .float).tensor }
    var parameters = ExitParameters()
    parameters.number = Int32(index + 1)
    parameters.criterion = exit.criterion.rawValue
    parameters.threshold = exit.threshold
    parameters.temperature = exit.temperature
    emit(.exit, [scores, lambda], [], parameters)
    nodes[nodes.count - 1].name = exit.name
    nodes[nodes.count - 1].part = .trunk
  }

  /// Appends what makes an exit's answer the output; `Plan.joinAnswers` puts the output in place of the
  /// result.
  mutating func answer(_ index: Int) throws {
    let exit = graph.exits[index]
    let output = graph.outputs[0]
    let representation: Representation =
      graph[output].constant == nil
      ? quantization.values[output].map { .int8($0) } ?? .float : .float
    let stored = try operand(
      exit.answer, representation, order: Array(try shape(of: output).indices))
    let result = try result(like: stored.tensor, output)
    emit(.copy, [stored.tensor], [result.tensor])
    answers.append(result.tensor)
  }
}

extension Plan {
  /// Lets every exit write the plan's output, and says in the parameters how long heads and tails are.
  mutating func joinAnswers(_ answers: [PlanTensorID]) throws {
    guard !answers.isEmpty else { return }
    guard outputs.count == 1, let output = outputs.first else {
      throw ConversionError.usage(
        "a model with exits has one output beside them; this one has \(outputs.count)")
    }
    for index in nodes.indices {
      nodes[index].outputs = nodes[index].outputs.map { answers.contains($0) ? output : $0 }
    }
  }

  /// Writes into each exit how many nodes its head and tail have.
  mutating func countExitParts() {
    for index in nodes.indices where nodes[index].opCode == .exit {
      var parameters = nodes[index].parameters.withUnsafeBytes {
        $0.loadUnaligned(as: ExitParameters.self)
      }
      let number = Int(parameters.number) - 1
      parameters.headNodes = Int32(nodes.count { $0.part == .head(number) })
      parameters.tailNodes = Int32(nodes.count { $0.part == .tail(number) })
      nodes[index].parameters = withUnsafeBytes(of: parameters) { Array($0) }
    }
  }
}
