import EdgeFormat

/// Which pairs of an input and an output of a model become states of the session.
public enum StateBinding: Sendable, Equatable {
  /// Those whose names and shapes show it.
  case detected
  /// These, as names of an input and an output.
  case pairs([Pair])

  /// An input and the output that takes its place for the next run.
  public struct Pair: Sendable, Equatable, CustomStringConvertible {
    public var input: String
    public var output: String

    public var description: String { "\(input)=\(output)" }
  }

  /// No states: every pair stays in the model's interface.
  public static let off = StateBinding.pairs([])

  /// Reads `in=out,in2=out2`, several of them, or `off`; no text at all means detection.
  /// - Throws: `ConversionError.usage` for anything else.
  public init(_ texts: [String]) throws {
    if texts.isEmpty {
      self = .detected
    } else if texts == ["off"] {
      self = .off
    } else {
      self = .pairs(
        try texts.flatMap { $0.split(separator: ",") }.map { text in
          let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
          guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw ConversionError.usage("--state \(text): write IN=OUT,..., or off")
          }
          return Pair(input: parts[0], output: parts[1])
        })
    }
  }
}

/// A graph whose states are bound, and how that came about.
struct BoundGraph {
  var graph: Graph
  /// The pairs that are states now.
  var pairs: [StateBinding.Pair] = []
  /// Bounds of the run-time sizes that are left.
  var bounds: [String: Int]
  /// What was found or assumed, for the report.
  var notes: [String] = []

  /// Takes pairs out of the interface of a graph and makes them its states.
  /// - Parameters:
  ///   - imported: as `Import` gives it.
  ///   - binding: which pairs.
  ///   - bounds: largest values of run-time sizes; a state has a fixed number of streams.
  /// - Throws: `ConversionError.usage` for names that the model has not, and for pairs that do not
  ///   fit.
  init(_ imported: Graph, _ binding: StateBinding, bounds: [String: Int]) throws {
    graph = imported
    self.bounds = bounds
    switch binding {
    case .pairs(let pairs):
      if pairs.isEmpty { return }
      self.pairs = pairs
    case .detected:
      let candidates = StateNames.candidates(imported)
      if candidates.isEmpty { return }
      let shaped = try Passes.all(imported)
      self.pairs = detect(candidates, shaped)
      if self.pairs.isEmpty { return }
      notes.insert(
        "states were found by name: \(pairs.map(\.description).joined(separator: ", ")); "
          + "--state off leaves them in the interface, --state IN=OUT,... names others", at: 0)
    }
    try bind()
    try fixStreams()
  }

  /// The candidates that are states by type and shape.
  private mutating func detect(_ candidates: [StateBinding.Pair], _ shaped: Graph)
    -> [StateBinding.Pair]
  {
    let inputs = Set(candidates.map(\.input))
    let first = shaped.inputs.first { !inputs.contains(shaped[$0].name) }
    guard let first, candidates.count < shaped.outputs.count else { return [] }
    let streams = shaped[first].shape?.first?.constant
    return candidates.filter { pair in
      guard let state = try? State(pair, in: shaped), shaped.isState(state),
        let shape = shaped[state.input].shape, !shape.isEmpty
      else { return false }
      if let streams, streams > 1, shape.first?.constant == streams {
        notes.append(
          "\(pair) looks like a state of \(streams) streams and stays in the interface; "
            + "--state \(pair) makes it one")
        return false
      }
      return true
    }
  }

  private mutating func bind() throws {
    for pair in pairs {
      let state = try State(pair, in: graph)
      graph.inputs.removeAll { $0 == state.input }
      graph.outputs.removeAll { $0 == state.output }
      graph.states.append(state)
    }
    guard !graph.outputs.isEmpty else {
      throw ConversionError.usage("--state: no output is left; a model needs one")
    }
  }

  /// Gives every axis of a state that does not grow its bound: a session keeps so many streams.
  private mutating func fixStreams() throws {
    let shaped = try Passes.all(graph)
    let growing = Set(try shaped.states.compactMap { try shaped.growth(of: $0)?.symbol })
    var fixed: Set<String> = []
    for state in shaped.states {
      for size in shaped[state.input].shape ?? [] {
        guard let name = size.symbolName, !growing.contains(name), !fixed.contains(name) else {
          continue
        }
        guard let bound = bounds[name] ?? (RuntimeSizes.isBatch(name) ? 1 : nil) else {
          throw ConversionError.usage(
            "state '\(shaped[state.input].name)' has an axis of run-time size '\(name)' that does not "
              + "grow: fix it with --bound \(name)=n")
        }
        graph.fix(symbol: name, bound)
        bounds[name] = nil
        fixed.insert(name)
      }
    }
  }
}

extension State {
  /// The pair of values of these names.
  /// - Throws: `ConversionError.usage` when the graph has no such input or output.
  init(_ pair: StateBinding.Pair, in graph: Graph) throws {
    func find(_ name: String, _ ids: [ValueID], _ role: String) throws -> ValueID {
      guard let id = ids.first(where: { graph[$0].name == name }) else {
        let known = ids.map { "'\(graph[$0].name)'" }.joined(separator: ", ")
        throw ConversionError.usage(
          "--state \(pair): the model has no \(role) '\(name)' that is free; it has \(known)")
      }
      return id
    }
    self.init(
      input: try find(pair.input, graph.inputs, "input"),
      output: try find(pair.output, graph.outputs, "output"))
  }
}

extension Graph {
  /// Whether the output of a pair can take the input's place.
  fileprivate func isState(_ state: State) -> Bool {
    do {
      _ = try growth(of: state)
      return self[state.input].type == self[state.output].type
    } catch {
      return false
    }
  }

  /// Makes a run-time size of the inputs and states a constant.
  mutating func fix(symbol: String, _ size: Int) {
    for id in inputs + states.map(\.input) {
      self[id].shape = self[id].shape?.map { $0.symbolName == symbol ? Dimension(size) : $0 }
    }
  }
}
