import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Operators at sizes below their bounds, changed between runs.
@Suite struct DynamicSizeTests {
  /// x `[n, 3]` → sum over rows, and x's transpose; n at most 6.
  private func file() -> [UInt8] {
    var plan = PlanBuilder()
    let x = plan.tensor(.float32, [6, 3])
    let flipped = plan.tensor(.float32, [3, 6]), sum = plan.tensor(.float32, [3])
    var reduce = ReduceParameters()
    reduce.kind = 1
    var transpose = TransposeParameters()
    transpose.permutation = (1, 0, 0, 0, 0, 0, 0, 0)
    plan.node(.transpose, inputs: [x], outputs: [flipped], parameters: transpose)
    plan.node(.reduce, inputs: [x], outputs: [sum], parameters: reduce)
    plan.setInputs([x])
    plan.setOutputs([flipped, sum])
    let rows = plan.symbol(input: 0, axis: 0)
    plan.setSize(of: flipped, axis: 1, to: rows)
    return plan.build()
  }

  @Test func sizesChangeBetweenRuns() throws {
    let model = try OpenModel(file())
    for rows in [6, 2, 0, 5] {
      let values = (0..<rows * 3).map { Float($0) }
      try model.setInput(0, bytes: bytes(of: values), dims: [rows, 3])
      try model.run()
      #expect(model.outputDims(0) == [3, rows])
      let flipped = (0..<3).flatMap { column in (0..<rows).map { values[$0 * 3 + column] } }
      #expect(elements(model.output(0)) == flipped)
      let sums = (0..<3).map { column in
        (0..<rows).reduce(Float(0)) { $0 + values[$1 * 3 + column] }
      }
      #expect(elements(model.output(1)) == sums)
    }
  }

  @Test func sizesThatDoNotFitANodeAreRefusedAndUndone() throws {
    var plan = PlanBuilder()
    let a = plan.tensor(.float32, [4]), b = plan.tensor(.float32, [4]),
      y = plan.tensor(.float32, [4])
    var add = BinaryParameters()
    add.kind = 1
    plan.node(.binary, inputs: [a, b], outputs: [y], parameters: add)
    plan.setInputs([a, b])
    plan.setOutputs([y])
    plan.setSize(of: y, axis: 0, to: plan.symbol(input: 0, axis: 0))
    let model = try OpenModel(plan.build())
    #expect(throws: EdgeError.self) {
      try model.setInput(0, bytes: bytes(of: [1, 2, 3] as [Float]), dims: [3])
    }
    try model.setInput(0, bytes: bytes(of: [1, 2, 3, 4] as [Float]))
    try model.setInput(1, bytes: bytes(of: [1, 1, 1, 1] as [Float]))
    try model.run()
    #expect(elements(model.output()) == [2, 3, 4, 5] as [Float])
  }

  @Test func profilesNameTheKernel() throws {
    let softmax = SingleNode(.softmax, [Operand(.float32, [4])], Operand(.float32, [4]))
    #expect(try OpenModel(softmax.file()).kernelName(0) == "softmax")
  }
}
