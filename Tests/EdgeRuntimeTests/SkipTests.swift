import CEdgeKernels
import EdgeFormat
import EdgeRuntime
import EdgeTestSupport
import Testing

/// Blocks that runs skip: which of them run, what then takes their place, and which plans are refused.
@Suite struct SkipTests {
  /// b = |exp(x)|, or x where the first block is skipped; y = -b, or b where the second is.
  ///
  /// Nodes: 0 skip of rank 1, 1 and 2 its block (b = |exp(x)|), 3 its bypass (b = x); 4 skip of rank 0, 5 its block
  /// (y = -b), 6 its bypass (y = b).
  private func plan(
    standard: Int32 = 0, _ change: (inout SkipParameters) -> Void = { _ in }
  ) -> PlanBuilder {
    var plan = PlanBuilder()
    let x = plan.tensor(.float32, [1, 3]), b = plan.tensor(.float32, [1, 3])
    let power = plan.tensor(.float32, [1, 3]), y = plan.tensor(.float32, [1, 3])
    func unary(_ kind: Int, _ from: Int, _ to: Int) {
      var parameters = UnaryParameters()
      parameters.kind = Int32(kind)
      plan.node(.unary, inputs: [from], outputs: [to], parameters: parameters)
    }
    func copy(_ from: Int, _ to: Int) {
      plan.node(.copy, inputs: [from], outputs: [to], parameterBytes: [])
    }
    var skip = SkipParameters()
    skip.rank = 1
    skip.blockNodes = 2
    skip.bypassNodes = 1
    skip.standard = standard
    change(&skip)
    plan.node(.skip, inputs: [], outputs: [], parameters: skip)
    unary(Int(EDGE_UNARY_EXP), x, power)
    unary(Int(EDGE_UNARY_ABS), power, b)
    copy(x, b)
    var next = SkipParameters()
    next.blockNodes = 1
    next.bypassNodes = 1
    next.standard = standard
    plan.node(.skip, inputs: [], outputs: [], parameters: next)
    unary(Int(EDGE_UNARY_NEG), b, y)
    copy(b, y)
    plan.setInputs([x])
    plan.setOutputs([y])
    return plan
  }

  private func outcome(
    _ plan: PlanBuilder, _ change: (inout RunOptions) -> Void = { _ in }
  ) throws -> (y: [Float], report: RunReport) {
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: [0, -2, 0] as [Float]))
    return try outcome(model, change)
  }

  private func outcome(
    _ model: OpenModel, _ change: (inout RunOptions) -> Void
  ) throws -> (y: [Float], report: RunReport) {
    var options = RunOptions()
    change(&options)
    let report = try model.run(options)
    return (elements(model.output()), report)
  }

  @Test func blocksAreSkippedInTheirOrder() throws {
    let power = try outcome(plan()) { $0.skipped = 0b01 }.y[1]
    #expect(power > 0.13 && power < 0.14)
    let results: [(UInt64, [Float], Int)] = [
      (0b00, [-1, -power, -1], 0), (0b01, [1, power, 1], 1), (0b10, [0, 2, 0], 1),
      (0b11, [0, -2, 0], 2), (.max, [0, -2, 0], 2),
    ]
    for (skipped, y, count) in results {
      let found = try outcome(plan(standard: 1)) { $0.skipped = skipped }
      #expect(found.y == y)
      #expect(found.report.blocksSkipped == count && found.report.blocksRun == 2 - count)
      #expect(!found.report.isExitForced && found.report.exitTaken == 0)
    }
  }

  @Test func theFileSaysHowManyUnlessTheRunDoes() throws {
    #expect(try outcome(plan()).report.blocksSkipped == 0)
    #expect(try outcome(plan(standard: 1)).report.blocksSkipped == 1)
    #expect(try outcome(plan(standard: 2)).y == [0, -2, 0])
    let whole = try outcome(plan(standard: 2)) {
      $0.isFullDepth = true
      $0.skipped = .max
    }
    #expect(whole.y[0] == -1 && whole.report.blocksSkipped == 0)
    #expect([blockMask(-1), blockMask(0), blockMask(2), blockMask(64)] == [0, 0, 3, .max])
  }

  @Test func aBudgetSkipsAsFewAsItMust() throws {
    var plan = plan()
    // Together the blocks take an age; what is left when the first in the order is skipped, a moment.
    plan.setCosts([1, 1, 1, 1, 1, 1 << 31, 1])
    let tight = try outcome(plan) { $0.budgetNanoseconds = 1_000_000 }
    #expect(tight.report.blocksSkipped == 1 && tight.report.isExitForced)
    #expect(tight.y[0] == 1)
    plan.setCosts([1, 1 << 31, 1, 1, 1, 1 << 31, 1])
    #expect(try outcome(plan) { $0.budgetNanoseconds = 1_000_000 }.report.blocksSkipped == 2)
    plan.setCosts([1, 1, 1, 1, 1, 1, 1])
    let loose = try outcome(plan) { $0.budgetNanoseconds = 1_000_000_000 }
    #expect(loose.report.blocksSkipped == 0 && !loose.report.isExitForced)
    #expect(loose.report.isBudgetMet)
  }

  @Test(
    arguments: [
      { $0.rank = 0 }, { $0.rank = 2 }, { $0.rank = -1 }, { $0.rank = 64 }, { $0.rank = .max },
      { $0.blockNodes = 0 }, { $0.blockNodes = -1 }, { $0.blockNodes = 1 }, { $0.blockNodes = 3 },
      { $0.blockNodes = .max }, { $0.bypassNodes = 0 }, { $0.bypassNodes = -1 },
      { $0.bypassNodes = 2 }, { $0.bypassNodes = 4 }, { $0.bypassNodes = .max },
      { $0.standard = 1 }, { $0.standard = -1 }, { $0.standard = .max },
    ] as [@Sendable (inout SkipParameters) -> Void])
  func hostileSkipsAreRefused(change: @Sendable (inout SkipParameters) -> Void) {
    let error = #expect(throws: EdgeError.self) { try OpenModel(plan(change).build()) }
    #expect(error?.code == .modelCorrupt && error?.section == SectionKind.nodes.rawValue)
  }

  @Test func moreThanTheCertificateIsRefused() throws {
    var certificate = CertificateRecord()
    certificate.threshold = 1
    for standard in 0...2 as ClosedRange<Int32> {
      var plan = plan(standard: standard)
      plan.setCertificates([certificate])
      let isOpen = (try? OpenModel(plan.build())) != nil
      #expect(isOpen == (standard <= 1))
    }
    #expect(throws: EdgeError.self) { try OpenModel(plan(standard: 3).build()) }
  }

  @Test func skipsAndExitsDoNotGoTogether() {
    var plan = plan()
    var exit = ExitParameters()
    exit.tailNodes = 1
    plan.node(.exit, inputs: [0, nil], outputs: [], parameters: exit)
    plan.node(.copy, inputs: [0], outputs: [3], parameterBytes: [])
    plan.node(.copy, inputs: [0], outputs: [3], parameterBytes: [])
    #expect(throws: EdgeError.self) { try OpenModel(plan.build()) }
  }
}
