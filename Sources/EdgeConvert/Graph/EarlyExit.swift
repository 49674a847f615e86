import EdgeFormat

/// An early exit of a graph: a head whose scores say how sure it is, and what it answers in place of the
/// graph's output.
///
/// None of its values is among the outputs of the graph.
public struct EarlyExit: Sendable, Equatable {
  /// Of the model's output that it was, or of the layer that a fitted head reads.
  public var name: String
  /// Logits `[..., classes]`, or `[N, classes, H, W]`.
  public var scores: ValueID
  /// The probability, from the head itself, of stopping here (Q-exit), one element.
  public var lambda: ValueID?
  /// Of the shape of the output.
  public var answer: ValueID
  public var criterion = ExitCriterion.confidence
  public var threshold = Float.infinity
  /// What divides the scores before their softmax.
  public var temperature: Float = 1

  init(name: String, scores: ValueID, lambda: ValueID? = nil, answer: ValueID) {
    self.name = name
    self.scores = scores
    self.lambda = lambda
    self.answer = answer
  }

  /// What the head computes.
  var values: [ValueID] { [scores, answer] + (lambda.map { [$0] } ?? []) }

  /// What decides whether it is taken.
  var evidence: [ValueID] { [scores] + (lambda.map { [$0] } ?? []) }
}

/// Where a node runs: always, or with an exit.
enum ExitPart: Sendable, Hashable {
  case trunk
  /// With every run that reaches the exit, but those at full depth.
  case head(Int)
  /// Only when the exit is taken.
  case tail(Int)
}

/// The order in which a graph with exits runs: each exit as soon as its evidence can be there.
struct ExitSchedule {
  /// Steps in order of execution: positions of nodes, and exits by their index.
  enum Step: Equatable {
    case node(Int, ExitPart)
    case exit(Int)
    /// The exit's answer becomes the output; the last step of its tail.
    case answer(Int)
  }

  private(set) var steps: [Step] = []

  /// The nodes of a graph without exits keep their order.
  init(_ graph: Graph) {
    var producer: [ValueID: Int] = [:]
    for (position, node) in graph.nodes.enumerated() {
      for case let output? in node.outputs { producer[output] = position }
    }
    func ancestors(_ values: [ValueID]) -> Set<Int> {
      var found: Set<Int> = []
      var open = values
      while let value = open.popLast() {
        guard let position = producer[value], found.insert(position).inserted else { continue }
        open += graph.nodes[position].inputs.compactMap { $0 }
      }
      return found
    }
    let exits = graph.exits
    let trunk =
      exits.isEmpty
      ? Set(graph.nodes.indices) : ancestors(graph.outputs + graph.states.map(\.output))
    let evidence = exits.map { ancestors($0.evidence) }
    let all = exits.map { ancestors($0.values) }
    var done: Set<Int> = []
    func run(_ wanted: Set<Int>, _ part: ExitPart) {
      for position in wanted.subtracting(done).sorted() { steps.append(.node(position, part)) }
      done.formUnion(wanted)
    }
    for index in exits.indices {
      let later = all[(index + 1)...].reduce(into: Set<Int>()) { $0.formUnion($1) }
      let head = evidence[index].union(all[index].intersection(later))
      run(all[index].intersection(trunk), .trunk)
      run(head.subtracting(trunk), .head(index))
      steps.append(.exit(index))
      run(all[index], .tail(index))
      steps.append(.answer(index))
    }
    run(Set(graph.nodes.indices).subtracting(all.reduce(into: []) { $0.formUnion($1) }), .trunk)
  }
}

extension Graph {
  /// The values that a run must compute, exits among them.
  var exitValues: [ValueID] { exits.flatMap(\.values) }
}
