/// Sets of values that share one scale and zero point, because an INT8 node moves elements from one to the other.
struct ParameterGroups {
  private var parent: [Int]

  /// Ties operands and results of every INT8 node that moves elements, concatenations apart, and
  /// what states are before and after a run.
  init(graph: Graph, rules: [QuantizeRule], choices: [PrecisionChoice]) {
    parent = Array(graph.values.indices)
    for state in graph.states { join(state.input, state.output) }
    for (position, node) in graph.nodes.enumerated() where choices[position].precision == .int8 {
      guard case .passThrough = rules[position], node.op != "Concat" else { continue }
      let moved = node.activations(rules[position]) + node.outputs.compactMap { $0 }
      for value in moved.dropFirst() { join(moved[0], value) }
    }
  }

  /// Ties the operands of INT8 concatenations to the result where their ranges are alike.
  ///
  /// Others are rescaled when they are joined: a narrow value keeps its fine steps for its other
  /// readers.
  /// - Parameters:
  ///   - ratio: how many times its own extent the common range of an operand may be.
  ///   - range: smallest and largest element of a value.
  mutating func joinConcatenations(
    graph: Graph, choices: [PrecisionChoice], ratio: Float, range: (ValueID) -> ClosedRange<Float>
  ) {
    var ranges: [Int: ClosedRange<Float>] = [:]
    for index in parent.indices where graph.values[index].isReal {
      let group = representative(ValueID(index: index)).index
      let own = range(ValueID(index: index))
      ranges[group] = ranges[group].map { ParameterGroups.union($0, own) } ?? own
    }
    for (position, node) in graph.nodes.enumerated()
    where choices[position].precision == .int8 && node.op == "Concat" {
      guard let output = node.outputs[0] else { continue }
      for case let input? in node.inputs {
        let (a, b) = (representative(input).index, representative(output).index)
        guard a != b, let own = ranges[a], let other = ranges[b] else { continue }
        let common = ParameterGroups.union(own, other)
        guard
          ParameterGroups.extent(common) <= ratio * ParameterGroups.extent(own)
            || ParameterGroups.extent(own) == 0
        else { continue }
        join(input, output)
        ranges[representative(output).index] = common
      }
    }
  }

  /// The value that stands for the group of another: its member of smallest index.
  func representative(_ value: ValueID) -> ValueID {
    var index = value.index
    while parent[index] != index { index = parent[index] }
    return ValueID(index: index)
  }

  private mutating func join(_ a: ValueID, _ b: ValueID) {
    let x = representative(a).index
    let y = representative(b).index
    parent[Swift.max(x, y)] = Swift.min(x, y)
  }

  private static func union(_ a: ClosedRange<Float>, _ b: ClosedRange<Float>) -> ClosedRange<Float>
  {
    Swift.min(a.lowerBound, b.lowerBound)...Swift.max(a.upperBound, b.upperBound)
  }

  private static func extent(_ range: ClosedRange<Float>) -> Float {
    Swift.max(range.upperBound, 0) - Swift.min(range.lowerBound, 0)
  }
}
