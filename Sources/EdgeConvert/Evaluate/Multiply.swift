import COpenBLAS

/// How a matrix is stored for a product.
enum MatrixOrder: Sendable {
  case asIs
  case transposed
}

/// c = a b + beta c over row-major storage; `a` is M x K and `b` K x N after `order`.
///
/// - Parameter cStride: distance of c's rows when it is part of a wider matrix; N by default.
func multiply(
  rows m: Int, columns n: Int, depth k: Int, _ a: UnsafePointer<Float>, aOrder: MatrixOrder = .asIs,
  _ b: UnsafePointer<Float>, bOrder: MatrixOrder = .asIs, alpha: Float = 1, beta: Float = 0,
  into c: UnsafeMutablePointer<Float>, cStride: Int? = nil
) {
  if m == 0 || n == 0 { return }
  let aStride = max(aOrder == .asIs ? k : m, 1)
  let bStride = max(bOrder == .asIs ? n : k, 1)
  cblas_sgemm(
    CblasRowMajor, aOrder == .asIs ? CblasNoTrans : CblasTrans,
    bOrder == .asIs ? CblasNoTrans : CblasTrans,
    Int32(m), Int32(n), Int32(k), alpha, a, Int32(aStride), b, Int32(bStride), beta, c,
    Int32(cStride ?? n))
}

/// Keeps OpenBLAS on the calling thread, so that callers may evaluate samples side by side.
let singleThreadedBLAS: Void = openblas_set_num_threads(1)
