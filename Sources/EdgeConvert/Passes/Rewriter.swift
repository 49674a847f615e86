/// One sweep of a pass over a graph.
///
/// What is known of producers and readers is of the beginning of the sweep; nodes that the sweep
/// has changed are off limits until the next one.
struct Rewriter {
  private(set) var graph: Graph
  private let uses: Uses
  private var touched: Set<Int> = []
  private var removed: Set<Int> = []
  private var additions: [Int: [Node]] = [:]
  private var names: Set<String>?

  init(_ graph: Graph) {
    self.graph = graph
    uses = Uses(graph)
  }

  /// Positions of the nodes as the sweep found them.
  var positions: Range<Int> { graph.nodes.indices }

  subscript(position: Int) -> Node { graph.nodes[position] }

  /// Neither changed nor removed by this sweep.
  func isFresh(_ position: Int) -> Bool {
    !touched.contains(position) && !removed.contains(position)
  }

  /// Position of the fresh node that makes a value.
  func producer(of value: ValueID?) -> Int? {
    guard let value, value.index < uses.producer.count, let position = uses.producer[value.index],
      isFresh(position)
    else { return nil }
    return position
  }

  /// Position of the only node that reads a value, which is no output of the graph; nil unless it
  /// is fresh.
  func soleReader(of value: ValueID?) -> Int? {
    guard let value, value.index < uses.readers.count, !uses.isOutput[value.index],
      uses.readers[value.index].count == 1, let reader = uses.readers[value.index].first,
      isFresh(reader),
      graph.nodes[reader].inputs.count(where: { $0 == value }) == 1
    else { return nil }
    return reader
  }

  /// The fresh node that makes a value which only `reader` reads.
  func privateProducer(of value: ValueID?, for reader: Int) -> Int? {
    guard soleReader(of: value) == reader, let position = producer(of: value), position != reader
    else { return nil }
    return position
  }

  /// Whether no other nodes than these, all fresh, read a value, and the graph does not return it.
  func isRead(_ value: ValueID, onlyBy positions: Set<Int>) -> Bool {
    guard value.index < uses.readers.count, !uses.isOutput[value.index] else { return false }
    return uses.readers[value.index].allSatisfy { positions.contains($0) && isFresh($0) }
  }

  /// Replaces a node.
  mutating func replace(_ position: Int, by node: Node) {
    graph.nodes[position] = node
    touched.insert(position)
  }

  /// Takes a node out; its outputs must have lost their readers or got another producer.
  mutating func remove(_ position: Int) { removed.insert(position) }

  /// Puts nodes before the one at a position.
  mutating func insert(_ nodes: [Node], before position: Int) {
    additions[position, default: []] += nodes
    touched.insert(position)
  }

  /// Adds a constant of a name that is free.
  mutating func constant(_ name: String, _ tensor: Tensor) -> ValueID {
    graph.add(Value(name: free(name), tensor))
  }

  /// Adds a value of a name that is free, to be inferred.
  mutating func value(_ name: String) -> ValueID { graph.add(Value(name: free(name))) }

  /// Sets what is known of a value.
  mutating func update(_ id: ValueID, _ body: (inout Value) -> Void) { body(&graph[id]) }

  /// Lets all readers of the node's first output read `source` instead, and removes the node.
  ///
  /// An output of the graph keeps its name: the source's producer then writes it.
  /// - Returns: false when that is not possible.
  mutating func bypass(_ position: Int, to source: ValueID) -> Bool {
    guard let target = graph.nodes[position].output(0) else { return false }
    if uses.isOutput[target.index] {
      guard let maker = producer(of: source), !uses.isOutput[source.index], isFresh(position),
        uses.readers[source.index].allSatisfy({ isFresh($0) || $0 == position })
      else { return false }
      rename(source, target, in: uses.readers[source.index].filter { $0 != position })
      graph.nodes[maker].outputs = graph.nodes[maker].outputs.map { $0 == source ? target : $0 }
      touched.insert(maker)
      update(target) { [known = graph[source]] in
        $0.type = $0.type ?? known.type
        $0.shape = $0.shape ?? known.shape
      }
    } else {
      rename(target, source, in: uses.readers[target.index])
      if source.index < uses.producer.count, let maker = uses.producer[source.index] {
        touched.insert(maker)
      }
      for reader in uses.readers[source.index] { touched.insert(reader) }
    }
    remove(position)
    return true
  }

  private mutating func rename(_ old: ValueID, _ new: ValueID, in readers: [Int]) {
    for reader in readers {
      graph.nodes[reader].inputs = graph.nodes[reader].inputs.map { $0 == old ? new : $0 }
      touched.insert(reader)
    }
  }

  private mutating func free(_ name: String) -> String {
    var taken = names ?? Set(graph.values.map(\.name))
    var candidate = name
    var number = 1
    while !taken.insert(candidate).inserted {
      number += 1
      candidate = "\(name)#\(number)"
    }
    names = taken
    return candidate
  }

  /// The rewritten graph; nil when nothing has changed.
  func finish() -> Graph? {
    if touched.isEmpty && removed.isEmpty { return nil }
    var result = graph
    result.nodes = graph.nodes.indices.flatMap { position in
      (additions[position] ?? []) + (removed.contains(position) ? [] : [graph.nodes[position]])
    }
    return result
  }
}

extension Node {
  /// Remembers that this node now does another one's work too.
  mutating func absorb(_ other: Node) { absorbed += [other.name] + other.absorbed }
}
