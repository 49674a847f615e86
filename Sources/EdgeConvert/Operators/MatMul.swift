import EdgeFormat

/// Matrix product over the last two axes; leading axes broadcast; a one-dimensional operand is a
/// row or column. Passes may add a third input, a constant bias `[N]`, and an epilogue when B is a
/// constant matrix.
///
/// Vectors become matrices of one row or column; integers are multiplied and summed elementwise,
/// since the runtime multiplies float matrices only.
/// <https://onnx.ai/onnx/operators/onnx__MatMul.html>
extension Operator {
  static let matmul = Operator(
    "MatMul", opsets: 1...latestOpset,
    infer: { node, graph in
      [
        ValueType(
          type: try graph.type(node, 0),
          shape: try productShape(node, graph.shape(node, 0), graph.shape(node, 1)))
      ]
    },
    evaluate: { node, inputs in
      let a = try need(node, inputs, 0)
      let b = try need(node, inputs, 1)
      let shape = try productShape(
        node, a.shape.map { Dimension($0) }, b.shape.map { Dimension($0) }
      )
      .compactMap(\.constant)
      let product = batchedProduct(matrix(a, row: true), matrix(b, row: false)).reshaped(shape)
      let biased =
        try optional(inputs, 2).map { try combine(node, product, $0, { $0 + $1 }, { a, _ in a }) }
        ?? product
      let epilogue = Epilogue(node)
      if epilogue == Epilogue(activation: .none) { return [biased] }
      var values = biased.floats
      try epilogue.apply(&values, node, inputs)
      return [Tensor(values, shape: shape)]
    },
    quantize: .weighted,
    body: { node, body in
      let (a, b) = (try body.required(0), try body.required(1))
      let (aRank, bRank) = (try body.shape(a).count, try body.shape(b).count)
      let isFloat = try body.type(a).isFloat
      if aRank == 0 || bRank == 0 || (isFloat && aRank >= 2 && bRank >= 2) { return nil }
      let left = aRank == 1 ? try body.reshape(a, [.fixed(1), .axis(0, of: a)]) : a
      let right = bRank == 1 ? try body.reshape(b, [.axis(0, of: b), .fixed(1)]) : b
      let y = try isFloat ? body.apply("MatMul", [left, right]) : body.sumOfProducts(left, right)
      let gone = (aRank == 1 ? [-2] : []) + (bRank == 1 ? [-1] : [])
      return [gone.isEmpty ? y : try body.apply("Squeeze", [y, body.constant(ints: gone)])]
    }, lower: Lowering.matmul)

  /// Shape of a MatMul's result.
  static func productShape(_ node: Node, _ a: [Dimension], _ b: [Dimension]) throws -> [Dimension] {
    guard !a.isEmpty, !b.isEmpty else { throw node.invalid("a scalar cannot be multiplied") }
    let k = a[a.count - 1]
    let depth = b.count == 1 ? b[0] : b[b.count - 2]
    if let x = k.constant, let y = depth.constant, x != y {
      throw node.invalid("inner sizes \(x) and \(y) differ")
    }
    let batch = try broadcastShape([Array(a.dropLast(2)), Array(b.dropLast(2))], node)
    return batch + (a.count == 1 ? [] : [a[a.count - 2]]) + (b.count == 1 ? [] : [b[b.count - 1]])
  }

  private static func matrix(_ tensor: Tensor, row: Bool) -> Tensor {
    guard tensor.shape.count == 1 else { return tensor }
    return tensor.reshaped(row ? [1, tensor.shape[0]] : [tensor.shape[0], 1])
  }

  /// Product of stacks of matrices whose leading axes broadcast; both have at least two axes.
  private static func batchedProduct(_ a: Tensor, _ b: Tensor) -> Tensor {
    let (m, k, n) = (
      a.shape[a.shape.count - 2], a.shape[a.shape.count - 1], b.shape[b.shape.count - 1]
    )
    let rank = max(a.shape.count, b.shape.count)
    let leads = [a, b].map {
      Array(repeating: 1, count: rank - $0.shape.count) + $0.shape.dropLast(2)
    }
    let batch = (0..<(rank - 2)).map { leads[0][$0] == 1 ? leads[1][$0] : leads[0][$0] }
    let shared = leads[1].allSatisfy { $0 == 1 }
    let count = batch.reduce(1, *)
    let left = a.broadcast(to: batch + [m, k]).floats
    let right = shared ? b.floats : b.broadcast(to: batch + [k, n]).floats
    var result = Array(repeating: Float(0), count: count * m * n)
    result.withUnsafeMutableBufferPointer { result in
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          guard let result = result.baseAddress, let left = left.baseAddress,
            let right = right.baseAddress
          else { return }
          if shared {
            multiply(rows: count * m, columns: n, depth: k, left, right, into: result)
          } else {
            for index in 0..<count {
              multiply(
                rows: m, columns: n, depth: k, left + index * m * k, right + index * k * n,
                into: result + index * m * n)
            }
          }
        }
      }
    }
    return Tensor(result, shape: batch + [m, n])
  }
}

extension Expansion {
  /// A matrix product as products of elements `[..., M, K, N]`, summed over K: exact for integers.
  fileprivate mutating func sumOfProducts(_ a: ValueID, _ b: ValueID) throws -> ValueID {
    let products = try apply(
      "Mul",
      [
        apply("Unsqueeze", [a, constant(ints: [-1])]),
        apply("Unsqueeze", [b, constant(ints: [-3])]),
      ])
    return try apply("ReduceSum", [products, constant(ints: [-2])], ["keepdims": .int(0)])
  }
}
