import EdgeFormat

extension Operator {
  /// Different elements, or slices along `axis`. <https://onnx.ai/onnx/operators/onnx__Unique.html>
  static let unique = Operator.composite("Unique", opsets: 11...latestOpset) { node, body in
    var data = try body.required(0)
    if node.int("axis") == nil {
      data = try body.apply("Reshape", [data, body.constant(ints: [-1])])
    }
    let rank = try body.shape(data).count
    let axis = try EdgeConvert.axis(node.int("axis", 0), rank: rank, node)
    let order = [axis] + (0..<rank).filter { $0 != axis }
    let rows = try body.apply("Flatten", [try body.transpose(data, order)], ["axis": .int(1)])
    let found = try body.applyAll(
      "edge.UniqueRows", [rows], ["sorted": .int(Int64(node.int("sorted", 1)))], outputs: 3)
    let values = try body.apply("Gather", [data, found[0]], ["axis": .int(Int64(axis))])
    return [values] + found
  }

  /// What Unique makes besides its first result, of the rows of a matrix: first indices, numbers,
  /// counts.
  static let uniqueRows = Operator(
    "edge.UniqueRows", opsets: 1...latestOpset,
    infer: { node, graph in
      let shape = try graph.shape(node, 0)
      guard shape.count == 2 else { throw node.invalid("needs a matrix") }
      let count = node.foundSize(graph, bound: shape[0])
      return [[count], [shape[0]], [count]].map { ValueType(type: .int64, shape: $0) }
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let (rows, length) = (x.shape[0], x.shape[1])
      let keys = x.sortKeys
      let contents = (0..<rows).map { Array(keys[($0 * length)..<(($0 + 1) * length)]) }
      var first: [[Int64]: Int] = [:]
      for (row, content) in contents.enumerated() where first[content] == nil {
        first[content] = row
      }
      let isSorted = node.int("sorted", 1) != 0
      let different = first.sorted {
        isSorted ? $0.key.lexicographicallyPrecedes($1.key) : $0.value < $1.value
      }
      var number: [[Int64]: Int] = [:]
      for (index, entry) in different.enumerated() { number[entry.key] = index }
      let numbers = contents.map { number[$0] ?? 0 }
      var counts = Array(repeating: Int64(0), count: different.count)
      for index in numbers { counts[index] += 1 }
      return [
        Tensor(different.map { Int64($0.value) }, shape: [different.count]),
        Tensor(numbers.map { Int64($0) }, shape: [rows]), Tensor(counts, shape: [counts.count]),
      ]
    }, lower: Lowering.uniqueRows)
}
