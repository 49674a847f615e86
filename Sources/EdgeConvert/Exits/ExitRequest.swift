import EdgeFormat

/// Which early exits a converted model has: what `--exits` says.
public enum ExitRequest: Sendable, Equatable {
  case off
  /// Heads fitted to the calibration samples; nil lets the converter choose how many.
  case fitted(Int?)
  /// Outputs of the model that answer early in place of its main output.
  case named([Name])

  /// An output that is an exit, and the output that is its lambda.
  public struct Name: Sendable, Equatable, CustomStringConvertible {
    public var output: String
    public var lambda: String?

    public var description: String { lambda.map { "\(output):\($0)" } ?? output }
  }

  /// Reads `off`, `auto`, a number, or `NAME[:LAMBDA],...`.
  /// - Throws: `ConversionError.usage` for anything else.
  public init(_ text: String?) throws {
    switch text {
    case nil, "off": self = .off
    case "auto": self = .fitted(nil)
    case let text?:
      if let count = Int(text) {
        guard (1...8).contains(count) else {
          throw ConversionError.usage("--exits \(count): 1 to 8 heads can be fitted")
        }
        self = .fitted(count)
        return
      }
      self = .named(
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
          let names = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
          guard names.count <= 2, names.allSatisfy({ !$0.isEmpty }) else {
            throw ConversionError.usage(
              "--exits \(text): write auto, a number, off, or OUTPUT[:LAMBDA],...")
          }
          return Name(output: names[0], lambda: names.count == 2 ? names[1] : nil)
        })
    }
  }

  /// As it was asked for; nil for none.
  public var text: String? {
    switch self {
    case .off: nil
    case .fitted(let count): count.map(String.init) ?? "auto"
    case .named(let names): names.map(\.description).joined(separator: ",")
    }
  }
}

extension Graph {
  /// Takes outputs out of the interface and makes them exits, in the order in which they can be reached.
  ///
  /// An output whose name is that of an exit with "gate" or "lambda" for "exit" is its lambda. A last softmax
  /// is looked through for scores. An answer of another size (of a coarse head) is resized to that of the
  /// output, linearly.
  /// - Throws: `ConversionError.usage` for names that the model has not, and for models that exits do not suit.
  mutating func bindExits(_ names: [ExitRequest.Name]) throws {
    guard states.isEmpty else {
      throw ConversionError.usage(
        "--exits: the model keeps a state from run to run, which an early answer would leave behind"
      )
    }
    let offered = outputs.map { self[$0].name }
    let shaped = try Passes.all(self)
    func output(_ name: String) throws -> ValueID {
      guard let id = outputs.first(where: { self[$0].name == name }) else {
        throw ConversionError.usage(
          "--exits: the model has no output '\(name)'; it has \(offered.joined(separator: ", "))")
      }
      return id
    }
    var found: [EarlyExit] = []
    for name in names {
      let answer = try output(name.output)
      let related = ["gate", "lambda"].map { name.output.replacing("exit", with: $0) }
        .first { $0 != name.output && offered.contains($0) }
      let lambda = try (name.lambda ?? related).map(output)
      found.append(EarlyExit(name: name.output, scores: answer, lambda: lambda, answer: answer))
    }
    let taken = Set(found.flatMap(\.values))
    outputs.removeAll { taken.contains($0) }
    guard outputs.count == 1 else {
      throw ConversionError.usage(
        "--exits: an early answer takes the place of one output; without the exits the model has "
          + "\(outputs.count): \(outputs.map { self[$0].name }.joined(separator: ", "))")
    }
    for index in found.indices {
      found[index].scores = logits(found[index].answer)
      found[index].answer = try resized(found[index].answer, shaped)
    }
    exits = found.sorted { depth($0) < depth($1) }
  }

  /// What a last softmax reads.
  private func logits(_ value: ValueID) -> ValueID {
    guard let node = nodes.first(where: { $0.outputs.contains(value) }), node.op == "Softmax",
      let source = node.input(0)
    else { return value }
    return source
  }

  /// How many nodes an exit needs.
  private func depth(_ exit: EarlyExit) -> Int {
    var open = exit.evidence
    var seen: Set<ValueID> = []
    while let value = open.popLast() {
      guard seen.insert(value).inserted else { continue }
      for node in nodes where node.outputs.contains(value) {
        open += node.inputs.compactMap { $0 }
      }
    }
    return seen.count
  }

  /// An answer at the size of the output.
  private mutating func resized(_ answer: ValueID, _ shaped: Graph) throws -> ValueID {
    func shape(_ id: ValueID) throws -> [Dimension] {
      guard let shape = shaped[id].shape else {
        throw ConversionError.usage("--exits: the shape of '\(self[id].name)' cannot be inferred")
      }
      return shape
    }
    let (from, to) = (try shape(answer), try shape(outputs[0]))
    if from == to { return answer }
    let sizes = to.compactMap(\.constant)
    guard from.count == 4, to.count == 4, from[0] == to[0], from[1] == to[1], sizes.count == 4
    else {
      throw ConversionError.usage(
        "--exits: '\(self[answer].name)' has shape \(from), the output '\(self[outputs[0]].name)' \(to): "
          + "only the height and width of an image may differ")
    }
    let name = "\(self[answer].name)/resized"
    let target = add(Value(name: name))
    let wanted = add(
      Value(name: "\(name)/sizes", Tensor(sizes.map { Int64($0) }, shape: [4])))
    nodes.append(
      Node(
        name: name, op: "Resize", opset: Operator.latestOpset,
        inputs: [answer, nil, nil, wanted], outputs: [target],
        attributes: [
          "mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel"),
        ]))
    return target
  }
}
