import EdgeFormat
import EdgeTestSupport

// Sound nodes that move elements by indices, and the ways to spoil them.
extension HostileNodeTests {
  static func gatherND() -> SingleNode {
    SingleNode(
      .gatherND, [Operand(.float32, [4, 3, 5]), Operand(.int64, [2, 2])],
      Operand(.float32, [2, 5]), GatherParameters())
  }

  static func gatherElements() -> SingleNode {
    SingleNode(
      .gatherElements, [Operand(.float32, [4, 3]), Operand(.int32, [7, 2])],
      Operand(.float32, [7, 2]), GatherParameters())
  }

  static func scatterND() -> SingleNode {
    SingleNode(
      .scatterND,
      [Operand(.float32, [4, 3]), Operand(.int64, [2, 1]), Operand(.float32, [2, 3])],
      Operand(.float32, [4, 3]), ScatterParameters())
  }

  static func scatterElements() -> SingleNode {
    SingleNode(
      .scatterElements,
      [Operand(.int8, [4, 3]), Operand(.int64, [5, 2]), Operand(.int8, [5, 2])],
      Operand(.int8, [4, 3]), ScatterParameters())
  }

  static func nonZero() -> SingleNode {
    SingleNode(.nonZero, [Operand(.float32, [2, 3])], Operand(.int64, [2, 6]))
  }

  static func nonMaxSuppression() -> SingleNode {
    var parameters = NonMaxSuppressionParameters()
    parameters.mostBoxes = 2
    return SingleNode(
      .nonMaxSuppression, [Operand(.float32, [2, 5, 4]), Operand(.float32, [2, 3, 5])],
      Operand(.int64, [12, 3]), parameters)
  }

  static let indexed: [Case] = [
    Case("gather ND, float indices", gatherND) { $0.inputs[1]?.type = .float32 },
    Case("gather ND, tuples too long", gatherND) { $0.inputs[1]?.dims = [2, 4] },
    Case("gather ND, empty tuples", gatherND) { $0.inputs[1]?.dims = [2, 0] },
    Case("gather ND, no tuples", gatherND) { $0.inputs[1]?.dims = [] },
    Case("gather ND, more rows", gatherND) { $0.output.dims = [3, 5] },
    Case("gather ND, another type", gatherND) { $0.output.type = .int64 },
    Case("gather ND, batch axes below 0", gatherND) { set(&$0, 0, -1) },
    Case("gather ND, batch axes apart", gatherND) { set(&$0, 0, 1) },
    Case("gather ND, only batch axes", gatherND) { set(&$0, 0, 2) },
    Case("gather ND, huge batch axes", gatherND) { set(&$0, 0, Int(Int32.max)) },
    Case("gather elements, axis outside", gatherElements) { set(&$0, 0, 2) },
    Case("gather elements, axis below 0", gatherElements) { set(&$0, 0, -1) },
    Case("gather elements, more columns", gatherElements) {
      $0.inputs[1]?.dims = [7, 4]; $0.output.dims = [7, 4]
    },
    Case("gather elements, another shape", gatherElements) { $0.output.dims = [2, 7] },
    Case("gather elements, another rank", gatherElements) {
      $0.inputs[1]?.dims = [7]; $0.output.dims = [7]
    },
    Case("gather elements, another type", gatherElements) { $0.output.type = .int8 },
    Case("scatter ND, another shape", scatterND) { $0.output.dims = [3, 4] },
    Case("scatter ND, fewer updates", scatterND) { $0.inputs[2]?.dims = [1, 3] },
    Case("scatter ND, no updates", scatterND) { $0.inputs[2] = nil },
    Case("scatter ND, updates of another type", scatterND) { $0.inputs[2]?.type = .int8 },
    Case("scatter ND, data of another type", scatterND) { $0.inputs[0]?.type = .int8 },
    Case("scatter ND, bool indices", scatterND) { $0.inputs[1]?.type = .bool },
    Case("scatter ND, tuples too long", scatterND) { $0.inputs[1]?.dims = [2, 3] },
    Case("scatter ND, unknown reduction", scatterND) { set(&$0, 1, 5) },
    Case("scatter ND, reduction below 0", scatterND) { set(&$0, 1, -1) },
    Case("scatter elements, sum of int8", scatterElements) { set(&$0, 1, 1) },
    Case("scatter elements, axis outside", scatterElements) { set(&$0, 0, 2) },
    Case("scatter elements, more columns", scatterElements) {
      $0.inputs[1]?.dims = [5, 4]; $0.inputs[2]?.dims = [5, 4]
    },
    Case("scatter elements, fewer updates", scatterElements) { $0.inputs[2]?.dims = [5, 1] },
    Case("scatter elements, updates of another scale", scatterElements) {
      $0.inputs[2]?.scale = 2
    },
    Case("non-zero, too little room", nonZero) { $0.output.dims = [2, 5] },
    Case("non-zero, another rank", nonZero) { $0.output.dims = [12] },
    Case("non-zero, fewer axes", nonZero) { $0.output.dims = [1, 6] },
    Case("non-zero, int32", nonZero) { $0.output.type = .int32 },
    Case("suppression, too little room", nonMaxSuppression) { $0.output.dims = [11, 3] },
    Case("suppression, more boxes", nonMaxSuppression) { set(&$0, 0, 3) },
    Case("suppression, boxes below 0", nonMaxSuppression) { set(&$0, 0, -1) },
    Case("suppression, two columns", nonMaxSuppression) { $0.output.dims = [18, 2] },
    Case("suppression, int32", nonMaxSuppression) { $0.output.type = .int32 },
    Case("suppression, fewer scores", nonMaxSuppression) { $0.inputs[1]?.dims = [2, 3, 4] },
    Case("suppression, fewer batches", nonMaxSuppression) { $0.inputs[0]?.dims = [1, 5, 4] },
    Case("suppression, flat boxes", nonMaxSuppression) { $0.inputs[0]?.dims = [2, 20] },
    Case("suppression, boxes of 5", nonMaxSuppression) { $0.inputs[0]?.dims = [2, 5, 5] },
    Case("suppression, int8 scores", nonMaxSuppression) { $0.inputs[1]?.type = .int8 },
    Case("suppression, cut parameters", nonMaxSuppression) { $0.parameterBytes.removeLast(4) },
  ]
}
