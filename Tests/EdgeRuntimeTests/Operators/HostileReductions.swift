import CEdgeKernels
import EdgeFormat
import EdgeTestSupport

// Sound products and reductions, and the ways to spoil them.
extension HostileNodeTests {
  static func matmul() -> SingleNode {
    SingleNode(
      .matmul, [Operand(.float32, [2, 3, 4]), Operand(.float32, [4, 5])],
      Operand(.float32, [2, 3, 5]), MatmulParameters())
  }

  static func attention() -> SingleNode {
    SingleNode(
      .attention,
      [
        Operand(.float32, [1, 5, 2, 4]), Operand(.float32, [1, 6, 2, 4]),
        Operand(.float32, [1, 6, 2, 3]), Operand(.float32, [5, 6]),
      ], Operand(.float32, [1, 5, 2, 3]), AttentionParameters())
  }

  private static func packedWeights(_ count: Int) -> Operand {
    Operand.int8([Int8](repeating: 1, count: count), [count]).constant
  }

  static func linear() -> SingleNode {
    SingleNode(
      .linear,
      [
        Operand(.float32, [3, 5]), packedWeights(128),
        Operand(.int32, [16]), Operand(.float32, [16]),
        Operand(.float32, [16]), Operand(.float32, [16]), Operand(.float32, [5]),
        Operand(.float32, [3, 7]),
      ], Operand(.float32, [3, 7]), LinearParameters())
  }

  static func reduce() -> SingleNode {
    var parameters = ReduceParameters()
    parameters.kind = Int32(EDGE_REDUCE_MEAN)
    return SingleNode(
      .reduce, [Operand(.int8, [3, 4], scale: 1)], Operand(.int8, [4], scale: 1), parameters)
  }

  static func normalize() -> SingleNode {
    SingleNode(
      .normalize, [Operand(.float32, [4, 3]), Operand(.float32, [3]), Operand(.float32, [3])],
      Operand(.float32, [4, 3]), NormalizeParameters())
  }

  static func argReduce() -> SingleNode {
    var parameters = ArgReduceParameters()
    parameters.kind = Int32(EDGE_REDUCE_MAX)
    return SingleNode(
      .argReduce, [Operand(.float32, [3, 4])], Operand(.int64, [4]), parameters)
  }

  static let others: [Case] = [
    Case("matmul, K apart", matmul) { $0.inputs[1]?.dims = [5, 5] },
    Case("matmul, other rows", matmul) { $0.output.dims = [2, 4, 5] },
    Case("matmul, other columns", matmul) { $0.output.dims = [2, 3, 6] },
    Case("matmul, transposed", matmul) { set(&$0, 1, 1) },
    Case("matmul, batches apart", matmul) { $0.inputs[1]?.dims = [3, 4, 5] },
    Case("matmul, a vector", matmul) { $0.inputs[1]?.dims = [4] },
    Case("matmul, int8", matmul) { $0.inputs[0]?.type = .int8 },
    Case("attention, keys of another size", attention) { $0.inputs[1]?.dims = [1, 6, 2, 5] },
    Case("attention, fewer values", attention) { $0.inputs[2]?.dims = [1, 5, 2, 3] },
    Case("attention, other heads", attention) { $0.inputs[0]?.dims = [1, 5, 3, 4] },
    Case("attention, other batch", attention) { $0.inputs[1]?.dims = [2, 6, 2, 4] },
    Case("attention, other rows", attention) { $0.output.dims = [1, 4, 2, 3] },
    Case("attention, three axes", attention) { $0.inputs[0]?.dims = [5, 2, 4] },
    Case("attention, short mask", attention) { $0.inputs[3]?.dims = [5, 5] },
    Case("attention, mask of one column", attention) { $0.inputs[3]?.dims = [5, 1] },
    Case("attention, codes", attention) { $0.inputs[0]?.type = .int8 },
    Case("attention, heads first", attention) { set(&$0, 2, 1) },
    Case("linear, few weights", linear) { $0.inputs[1] = packedWeights(127) },
    Case("linear, weights in the arena", linear) { $0.inputs[1]?.isConstant = false },
    Case("linear, few sums", linear) { $0.inputs[2]?.dims = [15] },
    Case("linear, float sums", linear) { $0.inputs[2]?.type = .float32 },
    Case("linear, few multipliers", linear) { $0.inputs[3]?.dims = [7] },
    Case("linear, other rows", linear) { $0.output.dims = [4, 7] },
    Case("linear, more inputs", linear) { $0.inputs[0]?.dims = [3, 9] },
    Case("linear, more outputs", linear) {
      $0.output.dims = [3, 17]; $0.inputs[7]?.dims = [3, 17]
    },
    Case("linear, short factor", linear) { $0.inputs[6]?.dims = [4] },
    Case("linear, other residual", linear) { $0.inputs[7]?.dims = [3, 6] },
    Case("linear, unknown function", linear) { set(&$0, 0, 99) },
    Case("reduce, axis outside", reduce) { set(&$0, 1, 2) },
    Case("reduce, axis below 0", reduce) { set(&$0, 1, -1) },
    Case("reduce, no axes", reduce) { set(&$0, 2, 0) },
    Case("reduce, huge axis count", reduce) { set(&$0, 2, Int(Int32.max)) },
    Case("reduce, unknown kind", reduce) { set(&$0, 0, 7) },
    Case("reduce, int8 sum", reduce) { set(&$0, 0, EDGE_REDUCE_SUM) },
    Case("reduce, int8 maximum of another scale", reduce) {
      set(&$0, 0, EDGE_REDUCE_MAX); $0.output.scale = 2
    },
    Case("reduce, mean of integers", reduce) {
      $0.inputs[0]?.type = .int64; $0.output.type = .int64
    },
    Case("reduce, mixed types", reduce) { $0.output.type = .float32 },
    Case("reduce, other sizes", reduce) { $0.output.dims = [3] },
    Case("reduce, int8 mean of nothing", reduce) { $0.inputs[0]?.dims = [0, 4] },
    Case("argReduce, axis outside", argReduce) { set(&$0, 1, 2) },
    Case("argReduce, axis below 0", argReduce) { set(&$0, 1, -1) },
    Case("argReduce, sum", argReduce) { set(&$0, 0, EDGE_REDUCE_SUM) },
    Case("argReduce, other sizes", argReduce) { $0.output.dims = [5] },
    Case("argReduce, int32 positions", argReduce) { $0.output.type = .int32 },
    Case("argReduce, of bools", argReduce) { $0.inputs[0]?.type = .bool },
    Case("argReduce, of nothing", argReduce) { $0.inputs[0]?.dims = [0, 4] },
    Case("normalize, scale of another length", normalize) { $0.inputs[1]?.dims = [4] },
    Case("normalize, integers", normalize) { $0.inputs[0]?.type = .int32 },
    Case("normalize, other shape", normalize) { $0.output.dims = [6, 2] },
    Case(
      "softmax, other shape",
      { SingleNode(.softmax, [Operand(.float32, [4])], Operand(.float32, [4])) }
    ) { $0.output.dims = [2, 2] },
  ]
}
