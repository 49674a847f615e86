import Foundation
import Testing

@testable import EdgeConvert

/// DFT nodes of every form, converted and run, against the sum that defines them.
@Suite struct FourierTests {
  /// Length, parts of the signal, inverse.
  private static let forms: [(Int, Int, Bool)] = [1, 2, 7, 11, 26, 60, 97].flatMap {
    [($0, 1, false), ($0, 2, false), ($0, 1, true), ($0, 2, true)]
  }

  @Test(arguments: forms) func agreesWithTheDefinition(length: Int, parts: Int, isInverse: Bool)
    throws
  {
    var fixture = PlanFixture()
    let signal = fixture.noise([2, length, parts])
    let y = try run(&fixture, signal, ["inverse": .int(isInverse ? 1 : 0)])
    #expect(y.count == 4 * length)
    for row in 0..<2 {
      let from = row * length * parts
      for bin in 0..<length {
        let (re, im) = sum(
          signal.floats, from, parts, length, bin: bin, isInverse: isInverse)
        let place = (row * length + bin) * 2
        #expect(abs(Double(y[place]) - re) < 1e-6 * Double(length))
        #expect(abs(Double(y[place + 1]) - im) < 1e-6 * Double(length))
      }
    }
  }

  /// From one side of a real signal's spectrum back to the signal.
  @Test(arguments: [2, 11, 16, 15]) func oneSideGivesTheSignalBack(length: Int) throws {
    var fixture = PlanFixture()
    let signal = fixture.noise([2, length, 1])
    let half = try run(&fixture, signal, ["onesided": .int(1)])
    #expect(half.count == 2 * (length / 2 + 1) * 2)
    var back = PlanFixture()
    let spectrum = Tensor(half, shape: [2, length / 2 + 1, 2])
    let y = try run(&back, spectrum, ["onesided": .int(1), "inverse": .int(1)], length: length)
    #expect(zip(y, signal.floats).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  private func run(
    _ fixture: inout PlanFixture, _ signal: Tensor, _ attributes: [String: Attribute],
    length: Int? = nil
  ) throws -> [Float] {
    let x = fixture.input("x", signal.shape)
    let size = length.map { fixture.constant(Tensor([Int64($0)], shape: [])) }
    let axis = fixture.constant(Tensor([Int64(1)], shape: []))
    fixture.output(fixture.node("DFT", [x, size, axis], attributes, opset: 20))
    fixture.graph = try Passes.all(fixture.graph)
    fixture.set("x", signal)
    return try fixture.run().outputs[0].values
  }

  private func sum(
    _ x: [Float], _ from: Int, _ parts: Int, _ length: Int, bin: Int, isInverse: Bool
  ) -> (Double, Double) {
    var (re, im) = (0.0, 0.0)
    for i in 0..<length {
      let angle = 2 * Double.pi * Double(i * bin % length) / Double(length)
      let (c, s) = (cos(angle), isInverse ? sin(angle) : -sin(angle))
      let a = Double(x[from + i * parts])
      let b = parts == 2 ? Double(x[from + i * parts + 1]) : 0
      re += a * c - b * s
      im += a * s + b * c
    }
    let factor = isInverse ? 1 / Double(length) : 1
    return (re * factor, im * factor)
  }
}
