import EdgeFormat

/// Reductions over axes: attribute `axes` at first, input 1 since opset 13 (ReduceSum) or 18 (all).
public struct ReduceForm: Sendable {
  /// Non-negative, ascending.
  public var axes: [Int]
  public var keepsAxes: Bool

  /// - Throws: an obstacle when the axes depend on run-time data.
  public init(_ node: Node, _ graph: Graph) throws {
    let stated = node.input(1) == nil ? nil : try graph.integers(node, 1, "the axes")
    try self.init(node, rank: graph.shape(node, 0).count, axes: stated)
  }

  init(_ node: Node, rank: Int, axes: [Int]?) throws {
    keepsAxes = node.int("keepdims", 1) != 0
    let stated = axes ?? node.ints("axes") ?? []
    if stated.isEmpty {
      self.axes = node.int("noop_with_empty_axes", 0) != 0 ? [] : Array(0..<rank)
    } else {
      self.axes = Set(try stated.map { try axis($0, rank: rank, node) }).sorted()
    }
  }

  func shape<Size>(of shape: [Size], one: Size) -> [Size] {
    shape.indices.compactMap { axes.contains($0) ? (keepsAxes ? one : nil) : shape[$0] }
  }
}

/// The elements that meet in each result of a reduction, one after the other.
private struct Rows {
  let tensor: Tensor
  let length: Int
  let shape: [Int]

  init(_ x: Tensor, _ form: ReduceForm) {
    let kept = x.shape.indices.filter { !form.axes.contains($0) }
    tensor = x.transposed(kept + form.axes)
    length = form.axes.map { x.shape[$0] }.reduce(1, *)
    shape = form.shape(of: x.shape, one: 1)
  }

  func map<Element, Result>(_ values: [Element], _ body: (ArraySlice<Element>) -> Result)
    -> [Result]
  {
    (0..<shape.reduce(1, *)).map { body(values[($0 * length)..<(($0 + 1) * length)]) }
  }
}

/// What a reduction does with a row, of floats (in double precision) and of integers, which wrap.
private struct Reduction: Sendable {
  var floats: @Sendable (ArraySlice<Float>) -> Double
  var integers: @Sendable (ArraySlice<Int64>) -> Int64
  /// The same for a product of sizes, where shape arithmetic has one.
  var sizes: (@Sendable ([Dimension]) -> Dimension?)?
}

extension Operator {
  static let reductions: [Operator] =
    [
      reduce("ReduceMean", .rescaled, mean), reduce("ReduceSum", .float, sum),
      reduce("ReduceMax", .passThrough, maximum), reduce("ReduceMin", .passThrough, minimum),
      reduce("ReduceProd", .float, product), reduce("ReduceSumSquare", .float, sumSquare),
      argReduce("ArgMax") { $0 > $1 }, argReduce("ArgMin") { $0 < $1 },
    ] + composedReductions

  private static let sum = Reduction(
    floats: { $0.reduce(0) { $0 + Double($1) } }, integers: { $0.reduce(0, &+) },
    sizes: { $0.reduce(Dimension(0), +) })

  private static let mean = Reduction(
    floats: { $0.reduce(0) { $0 + Double($1) } / Double($0.count) },
    integers: { $0.isEmpty ? 0 : $0.reduce(0, &+) / Int64($0.count) })

  private static let maximum = Reduction(
    floats: { $0.reduce(-.infinity) { $1.isNaN || Double($1) > $0 ? Double($1) : $0 } },
    integers: { $0.max() ?? .min },
    sizes: { $0.isEmpty ? nil : $0.dropFirst().reduce($0[0], Dimension.max) })

  private static let minimum = Reduction(
    floats: { $0.reduce(.infinity) { $1.isNaN || Double($1) < $0 ? Double($1) : $0 } },
    integers: { $0.min() ?? .max },
    sizes: { $0.isEmpty ? nil : $0.dropFirst().reduce($0[0], Dimension.min) })

  private static let product = Reduction(
    floats: { $0.reduce(1) { $0 * Double($1) } }, integers: { $0.reduce(1, &*) },
    sizes: { $0.reduce(Dimension(1), *) })

  private static let sumSquare = Reduction(
    floats: { $0.reduce(0) { $0 + Double($1) * Double($1) } },
    integers: { $0.reduce(0) { $0 &+ $1 &* $1 } })

  /// <https://onnx.ai/onnx/operators/onnx__ReduceSum.html> and its like.
  private static func reduce(_ name: String, _ quantize: QuantizeRule, _ reduction: Reduction)
    -> Operator
  {
    Operator(
      name, opsets: 1...latestOpset,
      infer: { node, graph in
        let form = try ReduceForm(node, graph)
        return [
          ValueType(
            type: try graph.type(node, 0),
            shape: form.shape(of: try graph.shape(node, 0), one: Dimension(1)))
        ]
      },
      symbolic: { node, graph in
        guard let content = graph.content(node, 0), let form = try? ReduceForm(node, graph),
          form.axes == [0]
        else { return nil }
        return reduction.sizes?(content).map { [$0] }
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let form = try ReduceForm(node, rank: x.shape.count, axes: optional(inputs, 1)?.ints)
        let rows = Rows(x, form)
        switch rows.tensor.elements {
        case .float(let values):
          let results = rows.map(values) { Float(reduction.floats($0)) }
          return [Tensor(results, shape: rows.shape, type: x.type)]
        case .integer(let values):
          let results =
            x.type == .bool
            ? rows.map(values) { row in
              name == "ReduceMax" ? row.max() ?? 0 : name == "ReduceMin" ? row.min() ?? 1 : 0
            } : wrap(rows.map(values, reduction.integers), to: x.type)
          return [Tensor(results, shape: rows.shape, type: x.type)]
        }
      },
      quantize: quantize, lower: Lowering.reduce)
  }

  /// Index of the extreme element along `axis`. <https://onnx.ai/onnx/operators/onnx__ArgMax.html>
  private static func argReduce(
    _ name: String, _ isBetter: @escaping @Sendable (Double, Double) -> Bool
  ) -> Operator {
    Operator(
      name, opsets: 1...latestOpset,
      infer: { node, graph in
        let shape = try graph.shape(node, 0)
        let form = try argForm(node, rank: shape.count)
        if form.axes.contains(where: { shape[$0] == Dimension(0) }) {
          throw node.invalid("an axis of size 0 has no extreme")
        }
        return [ValueType(type: .int64, shape: form.shape(of: shape, one: Dimension(1)))]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let rows = Rows(x, try argForm(node, rank: x.shape.count))
        guard rows.length > 0 || rows.shape.contains(0) else {
          throw node.invalid("an axis of size 0 has no extreme")
        }
        let prefersLast = node.int("select_last_index", 0) != 0
        let order: (Double, Double) -> Bool = { $0.isNaN ? !$1.isNaN : isBetter($0, $1) }
        let places = rows.map(rows.tensor.floats.map(Double.init)) { row -> Int64 in
          var best = row.startIndex
          for place in row.indices.dropFirst()
          where order(row[place], row[best]) || (prefersLast && !order(row[best], row[place])) {
            best = place
          }
          return Int64(best - row.startIndex)
        }
        return [Tensor(places, shape: rows.shape)]
      }, lower: Lowering.argReduce)
  }

  static func argForm(_ node: Node, rank: Int) throws -> ReduceForm {
    try ReduceForm(node, rank: rank, axes: [node.int("axis", 0)])
  }
}
