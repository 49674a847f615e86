import EdgeFormat

extension Operator {
  /// MaxPool that also gives where its maxima lie: every window is gathered by a constant table,
  /// and the first of its largest elements looked up in another.
  ///
  /// Places outside the input repeat one inside.
  @Sendable static func poolWithIndices(_ node: Node, _ body: inout Expansion) throws
    -> [ValueID?]?
  {
    guard node.output(1) != nil, let kernel = node.ints("kernel_shape") else { return nil }
    let x = try body.required(0)
    let sizes = try body.sizes(x)
    guard let form = try PoolForm(node, body.shape(x), kernel) else { return nil }
    let windows = try form.windows(node)
    let taps = windows.first?.count ?? 0
    let maps = sizes[0] * sizes[1]
    let extent = form.input.reduce(1, *)
    let planes = try body.reshape(body.float(x), [.fixed(maps), .fixed(extent)])
    let table = Tensor(windows.joined().map { Int64($0) }, shape: [windows.count, taps])
    let seen = try body.apply("Gather", [planes, body.constant(table)], ["axis": .int(1)])
    let first = try body.apply("ArgMax", [seen], ["axis": .int(2), "keepdims": .int(0)])
    let place = try body.apply(
      "Add", [first, body.constant(ints: windows.indices.map { $0 * taps })])
    let isColumnMajor = node.int("storage_order", 0) != 0
    let names = windows.joined().map { isColumnMajor ? form.columnMajor($0) : $0 }
    let index = try body.apply("Gather", [body.constant(ints: names), place])
    let starts = Tensor((0..<maps).map { Int64($0 * extent) }, shape: [maps, 1])
    let flat = try body.apply("Add", [index, body.constant(starts)])
    let attributes = node.attributes.filter { $0.key != "storage_order" }
    let y = try body.apply("MaxPool", [x], attributes)
    return [y, try body.reshape(flat, like: y)]
  }

  /// The inverse of a MaxPool with indices: zeros but at the places of the maxima.
  /// <https://onnx.ai/onnx/operators/onnx__MaxUnpool.html>
  static let maxUnpool = Operator.composite("MaxUnpool", opsets: 9...latestOpset) { node, body in
    let x = try body.required(0)
    let sizes = try body.sizes(x)
    guard let kernel = node.ints("kernel_shape"), kernel.count == sizes.count - 2 else {
      throw node.invalid("kernel_shape does not fit \(sizes.count) axes")
    }
    let form = try TransposedWindow(
      node, spatial: sizes.dropFirst(2).map { Dimension($0) }, kernel: kernel)
    let shape = Array(sizes.prefix(2)) + form.output.compactMap(\.constant)
    let zeros = Tensor(
      [Float](repeating: 0, count: shape.reduce(1, *)), shape: [shape.reduce(1, *)],
      type: try body.type(x))
    let all = Extent.fixed(sizes.reduce(1, *))
    let scattered = try body.apply(
      "ScatterElements",
      [
        body.constant(zeros), body.reshape(body.required(1), [all]), body.reshape(x, [all]),
      ])
    let y = try body.reshape(scattered, shape.map { .fixed($0) })
    guard let stated = body.tensor(node.input(2))?.ints else { return [y] }
    guard stated.count == shape.count else { throw node.invalid("output_shape \(stated)") }
    let rest = zip(stated, shape).map { $0 - $1 }
    return [try body.apply("Pad", [y, body.constant(ints: shape.map { _ in 0 } + rest)])]
  }
}

extension PoolForm {
  /// The input elements that each window sees, in row-major order.
  fileprivate func windows(_ node: Node) throws -> [[Int]] {
    var table: [[Int]] = [[0]]
    for axis in input.indices {
      let places = try (0..<output[axis]).map { position -> [Int] in
        let start = position * window.strides[axis] - before[axis]
        let taps = (0..<window.kernel[axis]).map { start + $0 * window.dilations[axis] }
        guard let inside = taps.first(where: (0..<input[axis]).contains) else {
          throw node.invalid("a window lies outside of axis \(axis)")
        }
        return taps.map { (0..<input[axis]).contains($0) ? $0 : inside }
      }
      table = table.flatMap { outer in
        places.map { taps in outer.flatMap { row in taps.map { row * input[axis] + $0 } } }
      }
    }
    return table
  }

  /// A row-major index with the first axis running fastest.
  fileprivate func columnMajor(_ index: Int) -> Int {
    var (rest, result) = (index, 0)
    for size in input.reversed() {
      result = result * size + rest % size
      rest /= size
    }
    return result
  }
}
