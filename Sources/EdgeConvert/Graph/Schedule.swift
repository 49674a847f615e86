import EdgeFormat

/// When a node runs: always, with an exit, or as a block is skipped or not.
enum PlanPart: Sendable, Hashable {
  case trunk
  /// With every run that reaches the exit, but those at full depth.
  case head(Int)
  /// Only when the exit is taken.
  case tail(Int)
  /// Unless the block is skipped.
  case block(Int)
  /// Only when the block is skipped.
  case bypass(Int)
}

/// The order in which a graph with exits or skips runs: each exit as soon as its evidence can be there, and the nodes of a
/// block one after the other, what takes their place behind them.
struct Schedule {
  /// Steps in order of execution: positions of nodes, and exits and skips by their index.
  enum Step: Equatable {
    case node(Int, PlanPart)
    case exit(Int)
    /// The exit's answer becomes the output; the last step of its tail.
    case answer(Int)
    case skip(Int)
    /// The bypass's result becomes the block's; the last step of the bypass.
    case join(Int)
  }

  private(set) var steps: [Step] = []

  /// The nodes of a graph without exits and skips keep their order.
  init(_ graph: Graph) {
    if graph.skips.isEmpty { layOutExits(graph) } else { layOutSkips(graph) }
  }

  private mutating func layOutExits(_ graph: Graph) {
    let producer = graph.producers
    func ancestors(_ values: [ValueID]) -> Set<Int> { graph.ancestors(of: values, producer) }
    let exits = graph.exits
    let trunk =
      exits.isEmpty
      ? Set(graph.nodes.indices) : ancestors(graph.outputs + graph.states.map(\.output))
    let evidence = exits.map { ancestors($0.evidence) }
    let all = exits.map { ancestors($0.values) }
    var done: Set<Int> = []
    func run(_ wanted: Set<Int>, _ part: PlanPart) {
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

  /// What a block needs comes before it, in the order of the graph; what neither block nor bypass has to do with, where
  /// it was.
  private mutating func layOutSkips(_ graph: Graph) {
    let producer = graph.producers
    var done: Set<Int> = []
    func run(_ positions: some Sequence<Int>, _ part: PlanPart) {
      for position in positions.sorted() where done.insert(position).inserted {
        steps.append(.node(position, part))
      }
    }
    let bypasses = graph.skips.map {
      graph.ancestors(of: [$0.bypass], producer).subtracting(
        graph.ancestors(of: [$0.input], producer))
    }
    let apart = bypasses.reduce(into: Set<Int>()) { $0.formUnion($1) }
    for (index, skip) in graph.skips.enumerated() {
      guard let end = producer[skip.output] else { continue }
      let inside = graph.block(from: skip.input, to: skip.output, producer)
      let after = graph.descendants(of: inside)
      let others = inside.union(after).union(apart)
      run((0..<end).filter { !others.contains($0) }, .trunk)
      steps.append(.skip(index))
      run(inside, .block(index))
      run(bypasses[index], .bypass(index))
      steps.append(.join(index))
    }
    run(graph.nodes.indices, .trunk)
  }
}

extension Graph {
  /// The values that a run must compute, exits among them.
  var exitValues: [ValueID] { exits.flatMap(\.values) }

  /// Position of the node that computes each value.
  var producers: [ValueID: Int] {
    var producer: [ValueID: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for case let output? in node.outputs { producer[output] = position }
    }
    return producer
  }

  /// Positions of the nodes that values depend on.
  func ancestors(of values: [ValueID], _ producer: [ValueID: Int]) -> Set<Int> {
    var found: Set<Int> = []
    var open = values
    while let value = open.popLast() {
      guard let position = producer[value], found.insert(position).inserted else { continue }
      open += nodes[position].inputs.compactMap { $0 }
    }
    return found
  }

  /// Positions of the nodes on the way from one value to another.
  func block(from input: ValueID, to output: ValueID, _ producer: [ValueID: Int]) -> Set<Int> {
    var made: Set<ValueID> = [input]
    let reached = nodes.indices.filter { position in
      guard nodes[position].inputs.contains(where: { $0.map(made.contains) ?? false }) else {
        return false
      }
      made.formUnion(nodes[position].outputs.compactMap { $0 })
      return true
    }
    return ancestors(of: [output], producer).intersection(reached)
  }

  /// Positions of the nodes that read what some nodes give, or anything made of it.
  fileprivate func descendants(of positions: Set<Int>) -> Set<Int> {
    var made = Set(positions.flatMap { nodes[$0].outputs.compactMap { $0 } })
    return Set(
      nodes.indices.filter { position in
        guard nodes[position].inputs.contains(where: { $0.map(made.contains) ?? false }) else {
          return false
        }
        made.formUnion(nodes[position].outputs.compactMap { $0 })
        return true
      })
  }
}
