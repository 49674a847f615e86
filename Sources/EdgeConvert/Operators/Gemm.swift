import EdgeFormat

/// y = alpha * a' b' + beta * c; a' `[M, K]`, b' `[K, N]` after the transpositions, c broadcasts to
/// `[M, N]`.
///
/// A constant B with a constant row as c is one layer; of other forms a matrix product, scaled and
/// added to. <https://onnx.ai/onnx/operators/onnx__Gemm.html>
extension Operator {
  static let gemm = Operator(
    "Gemm", opsets: 7...latestOpset,
    infer: { node, graph in
      let a = try graph.shape(node, 0)
      let b = try graph.shape(node, 1)
      guard a.count == 2, b.count == 2 else { throw node.invalid("operands must be matrices") }
      let (transA, transB) = (node.int("transA", 0), node.int("transB", 0))
      let (m, k) = transA == 0 ? (a[0], a[1]) : (a[1], a[0])
      let (depth, n) = transB == 0 ? (b[0], b[1]) : (b[1], b[0])
      if let x = k.constant, let y = depth.constant, x != y {
        throw node.invalid("inner sizes \(x) and \(y) differ")
      }
      return [ValueType(type: try graph.type(node, 0), shape: [m, n])]
    },
    evaluate: { node, inputs in
      let a = try need(node, inputs, 0)
      let b = try need(node, inputs, 1)
      let (transA, transB) = (node.int("transA", 0) != 0, node.int("transB", 0) != 0)
      guard a.shape.count == 2, b.shape.count == 2 else {
        throw node.invalid("operands must be matrices")
      }
      let (m, k) = transA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
      let (depth, n) = transB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
      guard k == depth else { throw node.invalid("inner sizes \(k) and \(depth) differ") }
      let addend = optional(inputs, 2)?.broadcast(to: [m, n]).floats
      var result = addend ?? Array(repeating: 0, count: m * n)
      let (left, right) = (a.floats, b.floats)
      result.withUnsafeMutableBufferPointer { result in
        left.withUnsafeBufferPointer { left in
          right.withUnsafeBufferPointer { right in
            guard let result = result.baseAddress, let left = left.baseAddress,
              let right = right.baseAddress
            else { return }
            multiply(
              rows: m, columns: n, depth: k, left, aOrder: transA ? .transposed : .asIs, right,
              bOrder: transB ? .transposed : .asIs, alpha: node.float("alpha", 1),
              beta: addend == nil ? 0 : node.float("beta", 1), into: result)
          }
        }
      }
      try Epilogue(node).apply(&result, node, inputs)
      return [Tensor(result, shape: [m, n])]
    },
    quantize: .weighted,
    body: { node, body in
      let (a, b) = (try body.required(0), try body.required(1))
      let type = try body.type(a)
      try body.expectRank(2, of: a)
      try body.expectRank(2, of: b)
      let isLayer = type.isFloat && body.tensor(b) != nil
      if isLayer, try body.isRow(body.input(2), columns: node.int("transB", 0) == 0 ? 1 : 0, of: b)
      {
        return nil
      }
      let (alpha, beta) = (node.float("alpha", 1), node.float("beta", 1))
      if !type.isFloat, alpha != alpha.rounded() || beta != beta.rounded() {
        throw node.refusal("scales integers by a fraction", remedy: "whole alpha and beta")
      }
      var y: ValueID
      if isLayer {
        y = try body.apply("Gemm", [a, b], node.attributes)
      } else {
        let left = node.int("transA", 0) == 0 ? a : try body.transpose(a, [1, 0])
        let right = node.int("transB", 0) == 0 ? b : try body.transpose(b, [1, 0])
        y = try body.apply("MatMul", [left, right])
        if alpha != 1 { y = try body.apply("Mul", [y, body.constant(alpha, type)]) }
      }
      guard var c = body.input(2) else { return [y] }
      if beta != 1 { c = try body.apply("Mul", [c, body.constant(beta, type)]) }
      return [try body.apply("Add", [y, c])]
    }, lower: Lowering.gemm)
}

extension Expansion {
  /// Whether an operand of a Gemm is absent, or constant and the same for every row of the result,
  /// whose columns are those of an axis of b.
  fileprivate func isRow(_ c: ValueID?, columns axis: Int, of b: ValueID) throws -> Bool {
    guard let c else { return true }
    guard let tensor = tensor(c) else { return false }
    if tensor.count == 1 { return true }
    return try tensor.shape.last == tensor.count && shape(b)[axis] == Dimension(tensor.count)
  }
}
