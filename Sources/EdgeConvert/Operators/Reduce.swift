import EdgeFormat
import Foundation

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

extension Operator {
  static let reductions: [Operator] = [
    reduce("ReduceMean", .rescaled) { values in values.sum / Double(values.count) },
    reduce("ReduceSum") { $0.sum },
    reduce("ReduceMax", .passThrough) { Double($0.max() ?? -.infinity) },
    reduce("ReduceMin", .passThrough) { Double($0.min() ?? .infinity) },
    reduce("ReduceProd") { $0.reduce(Double(1)) { $0 * Double($1) } },
    reduce("ReduceL1") { $0.reduce(Double(0)) { $0 + Double(abs($1)) } },
    reduce("ReduceL2") { $0.reduce(Double(0)) { $0 + Double($1) * Double($1) }.squareRoot() },
    reduce("ReduceSumSquare") { $0.reduce(Double(0)) { $0 + Double($1) * Double($1) } },
    reduce("ReduceLogSum") { log($0.sum) },
    reduce("ReduceLogSumExp") { values in
      let peak = Double(values.max() ?? 0)
      let shift = peak.isFinite ? peak : 0
      return shift + log(values.reduce(Double(0)) { $0 + exp(Double($1) - shift) })
    },
    argReduce("ArgMax") { $0 > $1 }, argReduce("ArgMin") { $0 < $1 },
  ]

  private static func reduce(
    _ name: String, _ quantize: QuantizeRule = .float,
    _ body: @escaping @Sendable (Slice<UnsafeBufferPointer<Float>>) -> Double
  ) -> Operator {
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
        guard name == "ReduceProd", let content = graph.content(node, 0) else { return nil }
        return [content.reduce(Dimension(1), *)]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let form = try ReduceForm(node, rank: x.shape.count, axes: optional(inputs, 1)?.ints)
        if form.axes.isEmpty, !x.shape.isEmpty || node.int("noop_with_empty_axes", 0) != 0 {
          return [x]
        }
        let shape = form.shape(of: x.shape, one: 1)
        let kept = x.shape.indices.filter { !form.axes.contains($0) }
        let rows = x.transposed(kept + form.axes)
        let run = form.axes.map { x.shape[$0] }.reduce(1, *)
        let count = kept.map { x.shape[$0] }.reduce(1, *)
        let values = rows.floats.withUnsafeBufferPointer { data in
          (0..<count).map { body(data[($0 * run)..<(($0 + 1) * run)]) }
        }
        if x.type.isFloat { return [Tensor(values.map { Float($0) }, shape: shape, type: x.type)] }
        return [Tensor(values.map { Int64(clamping: $0) }, shape: shape, type: x.type)]
      },
      quantize: quantize, lower: Lowering.reduce)
  }

  /// Index of the extreme element along `axis`. <https://onnx.ai/onnx/operators/onnx__ArgMax.html>
  private static func argReduce(
    _ name: String, _ better: @escaping @Sendable (Float, Float) -> Bool
  ) -> Operator {
    Operator(
      name, opsets: 1...latestOpset,
      infer: { node, graph in
        let shape = try graph.shape(node, 0)
        let form = try argForm(node, rank: shape.count)
        return [ValueType(type: .int64, shape: form.shape(of: shape, one: Dimension(1)))]
      },
      evaluate: { node, inputs in
        let x = try need(node, inputs, 0)
        let form = try argForm(node, rank: x.shape.count)
        let last = node.int("select_last_index", 0) != 0
        let kept = x.shape.indices.filter { !form.axes.contains($0) }
        let run = form.axes.map { x.shape[$0] }.reduce(1, *)
        let data = x.transposed(kept + form.axes).floats
        let values = (0..<(run == 0 ? 0 : data.count / run)).map { row -> Int64 in
          var best = 0
          for place in 1..<max(run, 1) {
            let (candidate, leader) = (data[row * run + place], data[row * run + best])
            if better(candidate, leader) || (last && candidate == leader) { best = place }
          }
          return Int64(best)
        }
        return [Tensor(values, shape: form.shape(of: x.shape, one: 1))]
      }, lower: nil)
  }

  private static func argForm(_ node: Node, rank: Int) throws -> ReduceForm {
    try ReduceForm(node, rank: rank, axes: [node.int("axis", 0)])
  }
}

extension Slice<UnsafeBufferPointer<Float>> {
  fileprivate var sum: Double { reduce(Double(0)) { $0 + Double($1) } }
}
