extension Operator {
  /// Every operator the converter knows, by ONNX operator type.
  public static let table: [String: Operator] = {
    let families: [[Operator]] = [
      unary, [clip, parametricRelu], binary, variadic, compare,
      [convolution, convolutionTranspose, gemm, matmul], pools, globalPools, softmaxes,
      reshapes, [transpose, slice, split, concat, pad, expand, tile], gathers, casts, constants,
      reductions, normalizations, resizes, quantization, integerProducts, signal, spaceDepth,
      scatters, recurrent, bitwise, controlFlow, caches,
      [attention, linearAttention, rotaryEmbedding, swiGLU, determinant, einsum],
      reductions, normalizations, resizes, quantization, integerProducts, [requantize], signal,
      spaceDepth,
      scatters, recurrent, bitwise, controlFlow,
      scatters, recurrent, bitwise, masks, cumulative, [dropout], controlFlow,
      [attention, linearAttention, rotaryEmbedding, swiGLU, determinant, einsum, requantize],
    ]
    var table: [String: Operator] = [:]
    for rule in families.joined() { table[rule.name] = rule }
    return table
  }()

  /// The rules of a node, if its operator is known.
  public static func of(_ node: Node) -> Operator? {
    node.domain.isEmpty ? table[node.op] : nil
  }
}
