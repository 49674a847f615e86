import CEdgeKernels
import EdgeFormat
import EdgeRuntime
import EdgeTestSupport
import Testing

/// Early exits: when a run ends at one, what it then gives, and which plans are refused.
@Suite struct ExitTests {
  /// x `[1, 3]` is the scores of two exits and, tripled, the answer of the plan; exit 1 answers -x, exit 2 exp(x).
  ///
  /// Nodes: 0 head (scores 1 = x), 1 exit, 2 tail; 3 trunk; 4 head (scores 2 = -(-x)), 5 exit, 6 tail; 7 end.
  private func plan(
    _ change: (inout ExitParameters) -> Void = { _ in }, gate: Float? = nil,
    type: ElementType = .float32
  ) -> PlanBuilder {
    var plan = PlanBuilder()
    let x = plan.tensor(.float32, [1, 3]), y = plan.tensor(.float32, [1, 3])
    let scores = plan.tensor(.float32, [1, 3]), middle = plan.tensor(.float32, [1, 3])
    let others = plan.tensor(.float32, [1, 3])
    let lambda = gate.map { plan.constant(.float32, [1, 1], bytes: bytes(of: [$0])) }
    func unary(_ kind: Int, _ from: Int, _ to: Int) {
      var parameters = UnaryParameters()
      parameters.kind = Int32(kind)
      plan.node(.unary, inputs: [from], outputs: [to], parameters: parameters)
    }
    var exit = ExitParameters()
    exit.threshold = 0.9
    exit.headNodes = 1
    exit.tailNodes = 1
    change(&exit)
    plan.node(.copy, inputs: [x], outputs: [scores], parameterBytes: [])
    plan.node(.exit, inputs: [scores, lambda], outputs: [], parameters: exit)
    unary(Int(EDGE_UNARY_NEG), scores, y)
    unary(Int(EDGE_UNARY_NEG), x, middle)
    unary(Int(EDGE_UNARY_NEG), middle, others)
    exit.number += 1
    plan.node(.exit, inputs: [others, lambda], outputs: [], parameters: exit)
    unary(Int(EDGE_UNARY_EXP), others, y)
    unary(Int(EDGE_UNARY_ABS), middle, y)
    plan.setInputs([x])
    plan.setOutputs([y])
    return plan
  }

  private func open(_ plan: PlanBuilder, _ x: [Float]) throws -> OpenModel {
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: x))
    return model
  }

  private func outcome(
    _ model: OpenModel, _ change: (inout RunOptions) -> Void = { _ in }
  ) throws -> (exit: Int, y: [Float], report: RunReport) {
    var options = RunOptions()
    change(&options)
    let report = try model.run(options)
    return (report.exitTaken, elements(model.output()), report)
  }

  @Test func aSureHeadEndsTheRunWithItsAnswer() throws {
    let sure = try outcome(open(plan(), [8, 0, 0]))
    #expect(sure.exit == 1 && sure.y == [-8, 0, 0] && sure.report.confidence > 0.99)
    #expect(sure.report.blocksRun == 1 && sure.report.blocksSkipped == 2)
    let unsure = try outcome(open(plan(), [1, -2, 1]))
    #expect(unsure.exit == 0 && unsure.y == [1, 2, 1])
    #expect(unsure.report.blocksRun == 3 && unsure.report.blocksSkipped == 0)
  }

  @Test func optionsMoveTheExit() throws {
    let model = try open(plan(), [8, 0, 0])
    #expect(try outcome(model) { $0.isFullDepth = true }.y == [8, 0, 0])
    #expect(try outcome(model) { $0.exitThreshold = .infinity }.exit == 0)
    let forced = try outcome(model) {
      $0.exitThreshold = .infinity
      $0.lastExit = 2
    }
    #expect(forced.exit == 2 && forced.report.isExitForced && forced.y[1] == 1)
    #expect(try outcome(model) { $0.lastExit = 9 }.exit == 1)
    for threshold in [-1, Float.nan] {
      #expect(throws: EdgeError.self) { try outcome(model) { $0.exitThreshold = threshold } }
    }
    #expect(throws: EdgeError.self) { try outcome(model) { $0.criterion = .margin } }
    #expect(throws: EdgeError.self) {
      try outcome(model) {
        $0.criterion = .qExit
        $0.exitThreshold = 0.5
      }
    }
  }

  @Test func criteriaAreThoseOfTheirDefinitions() throws {
    let x: [Float] = [2, 1, -1]
    let total = x.map { Double($0) }.map(exponential).reduce(0, +)
    let p = x.map { exponential(Double($0)) / total }
    let entropy = -p.map { $0 * logarithm($0) }.reduce(0, +) / logarithm(3)
    let wanted: [(ExitCriterion, Double)] = [
      (.confidence, p[0]), (.margin, p[0] - p[1]), (.entropy, 1 - entropy),
    ]
    for (criterion, value) in wanted {
      for (factor, isTaken) in [(0.999, true), (1.001, false)] {
        let found = try outcome(open(plan(), x)) {
          $0.criterion = criterion
          $0.exitThreshold = Float(value * factor)
        }
        #expect((found.exit == 1) == isTaken, "\(criterion) \(factor)")
      }
    }
    let patient = try outcome(open(plan(), x)) {
      $0.criterion = .patience
      $0.exitThreshold = 1
    }
    #expect(patient.exit == 2 && patient.report.confidence == 1)
    let gated = plan({ $0.criterion = ExitCriterion.qExit.rawValue }, gate: 0.75)
    let found = try outcome(open(gated, x))
    #expect(found.exit == 2 && found.report.confidence == 0.9375)
  }

  @Test func temperatureDividesTheScores() throws {
    let hot = plan { $0.temperature = 8 }
    #expect(try outcome(open(hot, [8, 0, 0])).exit == 0)
    let cold = plan { $0.temperature = 0.125 }
    #expect(try outcome(open(cold, [1, 0, 0])).exit == 1)
  }

  @Test func rowsCountByTheirMean() throws {
    var plan = PlanBuilder()
    let x = plan.tensor(.int8, [2, 2], scale: 0.5, zeroPoint: 1), y = plan.tensor(.int8, [2, 2])
    var exit = ExitParameters()
    exit.threshold = 0.7
    exit.tailNodes = 1
    plan.node(.exit, inputs: [x, nil], outputs: [], parameters: exit)
    plan.node(.copy, inputs: [x], outputs: [y], parameterBytes: [])
    plan.node(.copy, inputs: [x], outputs: [y], parameterBytes: [])
    plan.setInputs([x])
    plan.setOutputs([y])
    let model = try OpenModel(plan.build())
    try model.setInput(0, bytes: bytes(of: [41, 1, 5, 5] as [Int8]))
    let report = try model.run(RunOptions())
    #expect(report.exitTaken == 1 && abs(report.confidence - 0.75) < 1e-3)
  }

  @Test func costsAndABudgetEndTheRun() throws {
    var plan = plan { $0.threshold = .infinity }
    plan.setCosts([1, 1, 1, 1 << 31, 1, 1, 1, 1])
    let model = try open(plan, [1, 0, 0])
    let tight = try outcome(model) { $0.budgetNanoseconds = 1_000_000 }
    #expect(tight.exit == 1 && tight.report.isExitForced)
    #expect(try outcome(model).exit == 0)
    plan.setCosts([1, 1, 1, 1, 1, 1, 1, 1])
    let loose = try open(plan, [1, 0, 0])
    #expect(try outcome(loose) { $0.budgetNanoseconds = 1_000_000_000 }.exit == 0)
  }

  @Test(
    arguments: [
      { $0.number = 2 }, { $0.headNodes = 2 }, { $0.headNodes = -1 }, { $0.tailNodes = 0 },
      { $0.tailNodes = -1 }, { $0.tailNodes = 7 }, { $0.tailNodes = .max }, { $0.headNodes = .max },
      { $0.tailNodes = 4 }, { $0.threshold = .nan }, { $0.threshold = -0.5 },
      { $0.temperature = 0 }, { $0.temperature = .nan }, { $0.temperature = .infinity },
      { $0.criterion = 0 }, { $0.criterion = 6 }, { $0.criterion = 5 },
    ] as [@Sendable (inout ExitParameters) -> Void])
  func hostileExitsAreRefused(change: @Sendable (inout ExitParameters) -> Void) {
    let error = #expect(throws: EdgeError.self) { try OpenModel(plan(change).build()) }
    #expect(error?.code == .modelCorrupt && error?.section == SectionKind.nodes.rawValue)
  }

  @Test func certificatesAndCostsOfOtherPlansAreRefused() throws {
    var certificate = CertificateRecord()
    certificate.criterion = ExitCriterion.confidence.rawValue
    certificate.threshold = 0.9
    var plan = plan()
    plan.setCertificates([certificate])
    #expect(try OpenModel(plan.build()).model.certificateCount == 1)
    certificate.threshold = 0.95
    plan.setCertificates([certificate])
    #expect(throws: EdgeError.self) { try OpenModel(plan.build()) }
    certificate.threshold = .nan
    plan.setCertificates([certificate])
    #expect(throws: EdgeError.self) { try OpenModel(plan.build()) }
    plan.setCertificates([])
    plan.setCosts([1, 2])
    #expect(throws: EdgeError.self) { try OpenModel(plan.build()) }
  }

  @Test func anOutputThatNoExitSetsIsRefused() {
    var plan = plan()
    plan.setOutputs([1, 3])
    let error = #expect(throws: EdgeError.self) { try OpenModel(plan.build()) }
    #expect(error?.code == .modelCorrupt && error?.node == 1)
  }

  @Test func everyInstructionSetLeavesAtTheSameExitEquallySure() throws {
    var random = SeededRandom(3)
    for _ in 0..<20 {
      let x = (0..<3).map { _ in Float(random.int(-400...400)) / 100 }
      var seen: [Float] = []
      for name in OpenModel.kernelNames {
        let model = try OpenModel(plan { $0.threshold = 0.6 }.build(), kernels: name)
        try model.setInput(0, bytes: bytes(of: x))
        for criterion in [ExitCriterion.confidence, .margin, .entropy] {
          var options = RunOptions()
          options.criterion = criterion
          options.exitThreshold = 0.01
          let report = try model.run(options)
          seen += [Float(report.exitTaken), report.confidence]
        }
      }
      let first = Array(seen.prefix(6))
      for start in stride(from: 0, to: seen.count, by: 6) {
        #expect(Array(seen[start..<start + 6]) == first)
      }
    }
  }

  private func exponential(_ x: Double) -> Double {
    var sum = 1.0, term = 1.0
    for n in 1...40 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }

  /// Newton's iteration on exp.
  private func logarithm(_ x: Double) -> Double {
    var y = 0.0
    for _ in 0..<100 { y += x * exponential(-y) - 1 }
    return y
  }
}
