import EdgeFormat

extension Operator {
  /// The determinant of each `[..., N, N]`, by a method that does not divide.
  ///
  /// With `m(F)` the part of F above its diagonal, and on the diagonal the negative sum of what
  /// follows there, `F' = m(F) A`, N - 1 times from `F = A`, ends with the determinant, up to its
  /// sign, in the corner. Source: Bird, "A simple division-free algorithm for computing
  /// determinants", 2011, doi:10.1016/j.ipl.2011.08.006.
  /// <https://onnx.ai/onnx/operators/onnx__Det.html>
  static let determinant = composite("Det", opsets: 11...latestOpset) { node, body in
    let matrix = try body.required(0)
    let shape = try body.shape(matrix)
    let rank = shape.count
    guard rank >= 2, let n = shape[rank - 1].constant, shape[rank - 2] == shape[rank - 1],
      (1...8).contains(n)
    else {
      throw node.refusal("matrices \(shape)", remedy: "square matrices of a known size up to 8")
    }
    let type = try body.type(matrix)
    func square(_ element: (Int, Int) -> Float, _ body: inout Expansion) -> ValueID {
      let values = (0..<(n * n)).map { element($0 / n, $0 % n) }
      return body.constant(Tensor(values, shape: [n, n], type: type))
    }
    let above = square({ $0 < $1 ? 1 : 0 }, &body)
    let diagonal = square({ $0 == $1 ? 1 : 0 }, &body)
    let following = square({ $0 < $1 ? -1 : 0 }, &body)
    let (row, column) = (body.constant(ints: [-2]), body.constant(ints: [-1]))
    var f = matrix
    for _ in 1..<n {
      let own = try body.apply("ReduceSum", [body.apply("Mul", [f, diagonal]), row])
      let rest = try body.apply("ReduceSum", [body.apply("Mul", [following, own]), column])
      let reduced = try body.apply(
        "Add", [body.apply("Mul", [f, above]), body.apply("Mul", [rest, diagonal])])
      f = try body.apply("MatMul", [reduced, matrix])
    }
    let corner = try body.cut(body.cut(f, rank - 2, 0..<1), rank - 1, 0..<1)
    let y = try body.apply("Squeeze", [corner, body.constant(ints: [-2, -1])])
    return [n % 2 == 0 ? try body.apply("Neg", [y]) : y]
  }
}
