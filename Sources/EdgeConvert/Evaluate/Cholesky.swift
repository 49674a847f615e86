import COpenBLAS

/// Factors of positive matrices.
enum Cholesky {
  private static let panel = 64

  /// Upper triangular R with R^T R = h, row-major, in panels of rows; nil when h is not positive.
  static func upper(_ h: [Float], _ n: Int) -> [Float]? {
    var r = h
    let isPositive = r.withUnsafeMutableBufferPointer { r in
      for start in stride(from: 0, to: n, by: panel) {
        let end = Swift.min(n, start + panel)
        for i in start..<end {
          for k in start..<i {
            let f = r[k * n + i]
            for j in i..<n { r[i * n + j] -= f * r[k * n + j] }
          }
          guard r[i * n + i] > 0 else { return false }
          let pivot = r[i * n + i].squareRoot()
          for j in i..<n { r[i * n + j] /= pivot }
        }
        let rows = (start..<end).flatMap { r[$0 * n + end..<($0 + 1) * n] }
        if end < n, let base = r.baseAddress {
          multiply(
            rows: n - end, columns: n - end, depth: end - start, rows, aOrder: .transposed, rows,
            alpha: -1, beta: 1, into: base + end * n + end, cStride: n)
        }
      }
      for i in 0..<n { for j in 0..<i { r[i * n + j] = 0 } }
      return true
    }
    return isPositive ? r : nil
  }
  /// x with R^T R x = b, in place of b.
  /// - Parameters:
  ///   - r: of `upper`, n x n.
  ///   - b: n rows.
  static func solve(_ r: [Float], _ n: Int, _ b: inout [Float]) {
    let columns = Int32(b.count / Swift.max(n, 1))
    for order in [CblasTrans, CblasNoTrans] {
      cblas_strsm(
        CblasRowMajor, CblasLeft, CblasUpper, order, CblasNonUnit, Int32(n), columns, 1, r,
        Int32(n), &b, columns)
    }
  }
}
