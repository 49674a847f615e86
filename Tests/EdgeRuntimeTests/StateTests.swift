import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Tensors that survive between runs, and those of them that grow.
@Suite struct StateTests {
  /// x `[1, 2]` is appended to a state of at most 3 + 1 rows → all rows, and their sums.
  private func cache(next: (inout PlanBuilder, Int) -> Int) -> [UInt8] {
    var plan = PlanBuilder()
    let x = plan.tensor(.float32, [1, 2]), sums = plan.tensor(.float32, [2])
    let present = plan.state(.float32, [4, 2]), past = plan.tensor(.float32, [3, 2])
    plan.alias(past, to: present)
    var reduce = ReduceParameters()
    reduce.kind = 1
    plan.node(.concat, inputs: [past, x], outputs: [present], parameters: ConcatParameters())
    plan.node(.reduce, inputs: [present], outputs: [sums], parameters: reduce)
    plan.setInputs([x])
    plan.setOutputs([present, sums])
    let rows = plan.counter(bound: 3)
    plan.setSize(of: past, axis: 0, to: rows)
    let one = plan.expression(.constant, 1, 0)
    plan.setSize(of: present, axis: 0, to: plan.expression(.add, rows, one))
    plan.setNextCount(next(&plan, rows))
    return plan.build()
  }

  private func step(_ model: OpenModel, _ row: [Float]) throws {
    try model.setInput(0, bytes: bytes(of: row))
    try model.run()
  }

  @Test func rowsAreAppendedUntilTheStateIsFull() throws {
    let model = try OpenModel(cache { $0.expression(.add, $1, $0.expression(.constant, 1, 0)) })
    for _ in 0..<2 {
      var rows: [Float] = []
      for index in 0..<4 {
        rows += [Float(index), 1]
        try step(model, [Float(index), 1])
        #expect(model.outputDims(0) == [index + 1, 2])
        #expect(elements(model.output(0)) == rows)
        #expect(elements(model.output(1)) == [Float(index * (index + 1) / 2), Float(index + 1)])
      }
      do {
        try step(model, [9, 9])
        Issue.record("a full state took another row")
      } catch let error as EdgeError {
        #expect(error.code == .outOfRange)
        #expect(message(error).contains("the state is full"))
      }
      #expect(elements(model.output(0)) == rows)
      model.reset()
    }
  }

  @Test(arguments: [-1, 4, Int(Int32.max)])
  func countersThatLeaveTheirRangeAreRefused(next: Int) throws {
    let model = try OpenModel(cache { plan, _ in plan.expression(.constant, next, 0) })
    try step(model, [1, 2])
    for _ in 0..<2 { #expect(throws: EdgeError.self) { try step(model, [1, 2]) } }
    model.reset()
    try step(model, [3, 4])
    #expect(elements(model.output(0)) == [3, 4] as [Float])
  }

  @Test func sizesThatFailANodeAreTriedAgainAndNeverRun() throws {
    var plan = PlanBuilder()
    let x = plan.tensor(.float32, [2]), y = plan.tensor(.float32, [2])
    let state = plan.state(.float32, [2])
    var add = BinaryParameters()
    add.kind = 1
    plan.node(.binary, inputs: [x, state], outputs: [y], parameters: add)
    plan.setInputs([x])
    plan.setOutputs([y])
    plan.setSize(of: state, axis: 0, to: plan.counter(bound: 2))
    let model = try OpenModel(plan.build())
    for _ in 0..<2 {
      do {
        try step(model, [1, 2])
        Issue.record("an addition of 2 and 0 elements ran")
      } catch let error as EdgeError {
        #expect(error.code == .shapeMismatch)
      }
      model.reset()
    }
  }

  @Test func statesStartAsTheirZeroAndKeepWhatARunWrites() throws {
    var plan = PlanBuilder()
    let x = plan.tensor(.int8, [2], scale: 1, zeroPoint: 5)
    let y = plan.tensor(.int8, [2], scale: 1, zeroPoint: 5)
    let state = plan.state(.int8, [2], scale: 1, zeroPoint: 5)
    plan.node(.copy, inputs: [state], outputs: [y], parameterBytes: [])
    plan.node(.copy, inputs: [x], outputs: [state], parameterBytes: [])
    plan.setInputs([x])
    plan.setOutputs([y])
    let model = try OpenModel(plan.build())
    for _ in 0..<2 {
      var last: [Int8] = [5, 5]
      for value in [[1, 2], [3, 4]] as [[Int8]] {
        try model.setInput(0, bytes: bytes(of: value))
        try model.run()
        #expect(elements(model.output()) == last)
        last = value
      }
      model.reset()
    }
  }
}
