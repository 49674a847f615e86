import EdgeFormat

extension Operator {
  /// Sums and products of what lies before along one axis.
  static let cumulative: [Operator] = [
    cumulative("CumSum", opsets: 11...latestOpset, { $0 + $1 }, { $0 &+ $1 }, identity: 0),
    cumulative("CumProd", opsets: 26...latestOpset, { $0 * $1 }, { $0 &* $1 }, identity: 1),
  ]

  private static func cumulative(
    _ name: String, opsets: ClosedRange<Int>, _ floats: @escaping @Sendable (Float, Float) -> Float,
    _ integers: @escaping @Sendable (Int64, Int64) -> Int64, identity: Int
  ) -> Operator {
    Operator(
      name, opsets: opsets,
      check: { node, graph in
        if graph.operand(node, 1) == nil || graph.constant(node, 1) != nil { return [] }
        return [node.obstacle("its axis is computed at run time", remedy: "make the axis constant")]
      },
      infer: sameAsInput,
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let rank = x.shape.count
        let axis = try axis(optional(inputs, 1)?.ints.first ?? 0, rank: rank, node)
        let walk = Accumulation(node, x.shape, axis)
        switch x.elements {
        case .float(let values):
          return [Tensor(walk.run(values, Float(identity), floats), shape: x.shape, type: x.type)]
        case .integer(let values):
          let sums = walk.run(values, Int64(identity), integers)
          return [Tensor(wrap(sums, to: x.type), shape: x.shape, type: x.type)]
        }
      }, lower: Lowering.cumulative)
  }

  /// One pass over every line along an axis.
  private struct Accumulation {
    let outer: Int
    let count: Int
    let inner: Int
    let isExclusive: Bool
    let isReverse: Bool

    init(_ node: Node, _ shape: [Int], _ axis: Int) {
      outer = shape.prefix(axis).reduce(1, *)
      count = shape[axis]
      inner = shape.dropFirst(axis + 1).reduce(1, *)
      isExclusive = node.int("exclusive", 0) != 0
      isReverse = node.int("reverse", 0) != 0
    }

    func run<T>(_ values: [T], _ identity: T, _ body: (T, T) -> T) -> [T] {
      var results = values
      for line in 0..<(outer * inner) {
        var sum = identity
        for step in 0..<count {
          let place = isReverse ? count - 1 - step : step
          let index = (line / inner * count + place) * inner + line % inner
          let next = body(sum, values[index])
          results[index] = isExclusive ? sum : next
          sum = next
        }
      }
      return results
    }
  }
}
