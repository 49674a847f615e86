extension Operator {
  /// Every operator the converter knows, by ONNX operator type.
  public static let table: [String: Operator] = {
    let families: [[Operator]] = [
      unary,
      [clip, parametricRelu],
      binary,
      bitwise,
      variadic,
      compare,
      cumulative,
      [dropout],
      casts,
      constants,
      masks,
      [convolution, convolutionTranspose, deformableConvolution, columnsToImage],
      pools,
      globalPools,
      normPools,
      [maxUnpool],
      resizes,
      [gridSample, affineGrid, roiAlign],
      spaceDepth,
      [centerCropPad],
      [gemm, matmul, einsum, determinant],
      reductions,
      softmaxes,
      normalizations,
      [rowNormalization, headAttention, keepTokens],
      [attention, linearAttention, rotaryEmbedding, swiGLU],
      caches,
      recurrent,
      reshapes,
      [transpose, slice, split, concat, pad, expand, tile],
      gathers,
      scatters,
      selections,
      quantization,
      integerProducts,
      [requantize],
      signal,
      controlFlow,
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
