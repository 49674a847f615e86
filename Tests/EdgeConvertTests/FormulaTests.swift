import EdgeFormat
import Foundation
import Testing

@testable import EdgeConvert

/// Float functions that are formulas over the runtime's kernels, against the mathematical library in
/// double precision; the bounds are those of docs/numerics.md.
@Suite struct FormulaTests {
  struct Function: CustomTestStringConvertible, Sendable {
    var op: String
    var attributes: [String: Attribute] = [:]
    var range: ClosedRange<Float>
    /// In units in the last place of the result.
    var bound: Double
    /// Results below this count as this large: sums that cancel.
    var floor = 0.0
    var exact: @Sendable (Double) -> Double
    var testDescription: String { op }
  }

  private static let huge: Float = 3.4e38

  static let functions: [Function] = [
    Function(op: "Tan", range: -268e6...268e6, bound: 4) { tan($0) },
    Function(op: "Asin", range: -1...1, bound: 4) { asin($0) },
    Function(op: "Acos", range: -1...1, bound: 4) { acos($0) },
    Function(op: "Sinh", range: -89.4...89.4, bound: 4) { sinh($0) },
    Function(op: "Cosh", range: -89.4...89.4, bound: 4) { cosh($0) },
    Function(op: "Asinh", range: -huge...huge, bound: 3) { asinh($0) },
    Function(op: "Acosh", range: 1...1.7e38, bound: 3) { acosh($0) },
    Function(op: "Atanh", range: -1...1, bound: 4) { atanh($0) },
    Function(op: "Softsign", range: -huge...huge, bound: 2) { $0 / (1 + abs($0)) },
    Function(op: "Mish", range: -80...huge, bound: 4) { $0 * tanh(log1p(exp(min($0, 700)))) },
    Function(
      op: "Swish", attributes: ["alpha": .float(1.5)], range: -huge...huge, bound: 4, floor: 0.25
    ) { $0 / (1 + exp(-1.5 * $0)) },
    Function(
      op: "Gelu", attributes: ["approximate": .string("tanh")], range: -huge...huge, bound: 4,
      floor: 0.25
    ) { $0 / (1 + exp(-1.595_769_121_605_730_7 * ($0 + 0.044_715 * $0 * $0 * $0))) },
    Function(op: "Selu", range: -huge...huge, bound: 4) {
      Double(Float(1.050_701)) * ($0 > 0 ? $0 : Double(Float(1.673_263_2)) * expm1($0))
    },
    Function(op: "Celu", attributes: ["alpha": .float(2)], range: -huge...huge, bound: 3) {
      $0 > 0 ? $0 : 2 * expm1($0 / 2)
    },
  ]

  @Test(arguments: functions) func errorsAreBounded(function: Function) throws {
    let step: UInt32 = 70_001
    let points = stride(from: UInt32(0), to: .max - step, by: Int(step)).map {
      Float(bitPattern: $0)
    }.filter { function.range.contains($0) }
    let results = try run(function.op, points, function.attributes)
    var worst = (error: 0.0, at: Float(0))
    for (x, y) in zip(points, results) {
      let exact = function.exact(Double(x))
      guard abs(exact) <= Double(Float.greatestFiniteMagnitude) else { continue }
      let size = Float(max(abs(exact), function.floor))
      let error = abs(Double(y) - exact) / Double(max(size.ulp, .leastNonzeroMagnitude))
      if !(error <= worst.error) { worst = (error, x) }
    }
    print("\(function.op): \(worst.error) units in the last place at \(worst.at)")
    #expect(worst.error <= function.bound, "\(function.op) at \(worst.at)")
    #expect(points.count > 1000)
  }

  private static let infinity = Float.infinity

  @Test(
    arguments: [
      ("Asin", [1.5, -1.5, 0], [.nan, .nan, 0]), ("Acos", [1.5, -1.5, 1], [.nan, .nan, 0]),
      ("Sinh", [infinity, -infinity, 0], [infinity, -infinity, 0]),
      ("Cosh", [infinity, -infinity, 0], [infinity, infinity, 1]),
      ("Asinh", [infinity, -infinity, 0], [infinity, -infinity, 0]),
      ("Acosh", [infinity, 0.5, -5], [infinity, .nan, .nan]),
      ("Acosh", [1, -infinity, -1e20], [0, .nan, .nan]),
      ("Atanh", [1, -1, 1.5], [infinity, -infinity, .nan]), ("Atanh", [-1.5, 0, 0], [.nan, 0, 0]),
      ("Sign", [infinity, -2, 0], [1, -1, 0]), ("Atan", [infinity, 0, 0], [1.570_796_4, 0, 0]),
      ("ThresholdedRelu", [1, 1.5, infinity], [0, 1.5, infinity]),
      ("Shrink", [0.5, -0.5, 0.75], [0, 0, 0.75]),
    ] as [(String, [Float], [Float])])
  func endsAreKept(op: String, x: [Float], expected: [Float]) throws {
    let results = try run(op, x + [.nan], [:])
    for (y, wanted) in zip(results, expected) {
      #expect(y == wanted || (y.isNaN && wanted.isNaN), "\(op): \(results)")
    }
    if op != "ThresholdedRelu", op != "Shrink" { #expect(results[3].isNaN) }
  }

  private func run(_ op: String, _ x: [Float], _ attributes: [String: Attribute]) throws -> [Float]
  {
    var fixture = PlanFixture()
    let input = fixture.input("x", [x.count])
    fixture.set("x", Tensor(x, shape: [x.count]))
    fixture.output(fixture.node(op, [input], attributes, opset: 22))
    return try fixture.run().outputs[0].values
  }
}
