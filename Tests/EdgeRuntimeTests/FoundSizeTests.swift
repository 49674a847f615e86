import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// Sizes that a node finds in data while it runs.
@Suite struct FoundSizeTests {
  /// mask `[2, n]`, n at most 4 → positions of what is not 0 `[2, count]`, and these transposed
  /// `[count, 2]`.
  private func plan(node: Int = 0) -> PlanBuilder {
    var plan = PlanBuilder()
    let mask = plan.tensor(.float32, [2, 4])
    let found = plan.tensor(.int64, [2, 8]), pairs = plan.tensor(.int64, [8, 2])
    var transpose = TransposeParameters()
    transpose.permutation = (1, 0, 0, 0, 0, 0, 0, 0)
    plan.node(.nonZero, inputs: [mask], outputs: [found], parameterBytes: [])
    plan.node(.transpose, inputs: [found], outputs: [pairs], parameters: transpose)
    plan.setInputs([mask])
    plan.setOutputs([pairs])
    _ = plan.symbol(input: 0, axis: 1)
    let count = plan.foundSize(node: node, tensor: found, axis: 1)
    plan.setSize(of: pairs, axis: 0, to: count)
    return plan
  }

  @Test func laterNodesAndOutputsHaveTheSizeFound() throws {
    let model = try OpenModel(plan().build())
    for (columns, mask) in [
      (4, [0, 1, 0, -0.0, .nan, 0, 2, 0]), (2, [0, 0, 0, 0]), (3, [1, 1, 1, 1, 1, 1]),
      (4, [0, 0, 0, 0, 0, 0, 0, 3]),
    ] as [(Int, [Float])] {
      try model.setInput(0, bytes: bytes(of: mask), dims: [2, columns])
      try model.run()
      let wanted = mask.indices.filter { mask[$0] != 0 }.flatMap {
        [Int64($0 / columns), Int64($0 % columns)]
      }
      #expect(model.outputDims() == [wanted.count / 2, 2])
      #expect(elements(model.output()) == wanted)
    }
  }

  @Test func sizesThatALaterNodeCannotTakeEndTheRun() throws {
    var plan = plan()
    let other = plan.tensor(.int64, [8, 2]), y = plan.tensor(.int64, [8, 2])
    var add = BinaryParameters()
    add.kind = 1
    plan.node(.binary, inputs: [2, other], outputs: [y], parameters: add)
    plan.setInputs([0, other])
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: [Float](repeating: 1, count: 8)))
    try model.run()
    try model.setInput(0, bytes: bytes(of: [1, 0, 1, 1, 1, 1, 1, 1] as [Float]))
    let error = #expect(throws: EdgeError.self) { try model.run() }
    #expect(error?.code == .shapeMismatch && error?.node == 2)
  }

  @Test(arguments: [1, 2, 9]) func onlyNodesThatFindASizeMaySetOne(node: Int) {
    let error = #expect(throws: EdgeError.self) { try OpenModel(plan(node: node).build()) }
    #expect(error?.code == .modelCorrupt && error?.section == SectionKind.symbols.rawValue)
  }
}
