import EdgeFormat

/// The sizes that are chosen at run time: who sets each symbol, and how far it may go.
struct RuntimeSizes: Sendable {
  /// Who sets a symbol.
  enum Source: Sendable, Equatable {
    /// The caller, by the size of an axis of an input (its position).
    case input(Int, axis: Int)
    /// The session, which counts from 0: the value in the next run.
    case counter(next: Dimension)
    /// The caller, as an option of a run, which is this where it does not say.
    case tokens(standard: Int)
  }

  /// A symbol and who sets it.
  struct Symbol: Sendable, Equatable {
    var name: String
    var source: Source
    var bound: Int
  }

  /// Those of inputs, in the order of inputs and axes, then those of states.
  private(set) var symbols: [Symbol] = []
  /// Bound of every symbol.
  private(set) var bounds: [String: Int] = [:]
  /// What was assumed, for the report.
  private(set) var notes: [String] = []

  /// Finds the symbols of a graph's inputs.
  /// - Throws: `ConversionError.usage` naming each symbol without a bound, and the flag that sets
  ///   it, and each bound without a symbol.
  init(graph: Graph, bounds given: [String: Int]) throws {
    var missing: [String] = []
    let counters = Set(try graph.states.compactMap { try graph.growth(of: $0)?.symbol })
    for (position, input) in graph.inputs.enumerated() {
      for (axis, size) in (graph[input].shape ?? []).enumerated() {
        guard let name = size.symbolName, bounds[name] == nil, !counters.contains(name) else {
          continue
        }
        var bound = given[name]
        if bound == nil, axis == 0, Self.isBatch(name) {
          bound = 1
          notes.append(
            "batch axis '\(name)' of input '\(graph[input].name)' is bound to 1; --bound \(name)=n allows more"
          )
        }
        guard let bound, bound > 0 else {
          missing.append(
            "input '\(graph[input].name)' has axis \(axis) of run-time size '\(name)': give its bound with --bound \(name)=n"
          )
          continue
        }
        bounds[name] = bound
        symbols.append(Symbol(name: name, source: .input(position, axis: axis), bound: bound))
      }
    }
    missing += try addCounters(graph, given)
    if let elimination = graph.nodes.first(where: { $0.op == "edge.KeepTokens" }) {
      bounds[TokenElimination.symbol] = allTokens
      symbols.append(
        Symbol(
          name: TokenElimination.symbol,
          source: .tokens(standard: elimination.int("parts") ?? allTokens), bound: allTokens))
    }
    for name in given.keys.sorted() where bounds[name] == nil {
      let known = symbols.map { "'\($0.name)'" }.joined(separator: ", ")
      missing.append(
        "--bound \(name): the model has no such run-time size; it has "
          + (known.isEmpty ? "none" : known))
    }
    if !missing.isEmpty { throw ConversionError.usage(missing.joined(separator: "\n")) }
  }

  /// Adds the sizes by which states grow.
  /// - Returns: what is missing.
  private mutating func addCounters(_ graph: Graph, _ given: [String: Int]) throws -> [String] {
    var missing: [String] = []
    for state in graph.states {
      guard let growth = try graph.growth(of: state) else { continue }
      let (name, owner) = (growth.symbol, graph[state.input].name)
      if let known = symbols.first(where: { $0.name == name }) {
        guard known.source == .counter(next: growth.next) else {
          throw ConversionError.usage(
            "state '\(owner)' grows along '\(name)' to \(growth.next), which an input or another state "
              + "sets otherwise; leave it out of --state")
        }
        continue
      }
      guard let bound = given[name], bound > 0 else {
        missing.append(
          "state '\(owner)' grows along axis \(growth.axis), of size '\(name)': say how far a run may find "
            + "it with --bound \(name)=n")
        continue
      }
      bounds[name] = bound
      symbols.append(Symbol(name: name, source: .counter(next: growth.next), bound: bound))
    }
    return missing
  }

  /// Whether a leading axis of this name counts samples.
  static func isBatch(_ name: String) -> Bool {
    let lower = name.lowercased()
    return lower == "n" || lower == "b" || lower.contains("batch") || lower.hasPrefix("unk__")
  }

  /// The largest value of a size.
  /// - Throws: `ConversionError.invalid` when it depends on something that no input sets.
  func bound(of size: Dimension, in tensor: String) throws -> Int {
    guard let value = size.evaluated(bounds) else {
      throw ConversionError.invalid(
        "tensor '\(tensor)' has size \(size), which neither an input's shape nor a state determines; fix the size in the model"
      )
    }
    guard value >= 0, value <= Int(Int32.max) else {
      throw ConversionError.invalid(
        "tensor '\(tensor)' has size \(size) = \(value) at the bounds; sizes are 0...\(Int32.max)")
    }
    return value
  }
}
