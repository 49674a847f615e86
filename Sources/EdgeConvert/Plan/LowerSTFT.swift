import EdgeFormat
import Foundation

extension Lowering {
  /// STFT of a real signal, one-sided, with constant step, length and window.
  static func stft(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let outputShape = try lowering.shape(of: target)
    let step = try lowering.constantInput(node, 1)?.ints.first ?? 0
    let window = try lowering.constantInput(node, 2)?.floats
    let length = try window?.count ?? lowering.constantInput(node, 3)?.ints.first ?? 0
    guard node.int("onesided", 1) == 1, shape.count == 2 || shape.last?.constant == 1 else {
      throw lowering.unsupported(
        node, "a complex signal or a two-sided spectrum", remedy: "a real signal with onesided=1")
    }
    guard step > 0, length > 0, outputShape.count == 4 else {
      throw ConversionError.invalid(
        "node '\(node.name)' (STFT) has step \(step) and frame length \(length)")
    }
    let x = try lowering.operand(source, .float, order: Array(shape.indices))
    let signal = lowering.view(x.tensor, dims: Array(shape.prefix(2)))
    let name = lowering.graph[target].name
    let weights = lowering.constant(
      window ?? Array(repeating: 1, count: length), type: .float32, name: name + "/window")
    let twiddles = lowering.constant(
      Lowering.twiddles(length), type: .float32, dims: [length, 2], name: name + "/twiddles")
    var parameters = STFTParameters()
    parameters.frameLength = Int32(length)
    parameters.frameStep = Int32(step)
    let y = try lowering.result(target)
    lowering.emit(.stft, [signal, weights, twiddles], [y.tensor], parameters)
    lowering.define(target, as: y)
  }

  /// `exp(-2 pi i k / n)` for k in 0..<n, real and imaginary parts, computed in double precision.
  static func twiddles(_ n: Int) -> [Float] {
    (0..<n).flatMap { k -> [Float] in
      let angle = -2 * Double.pi * Double(k) / Double(n)
      return [Float(cos(angle)), Float(sin(angle))]
    }
  }

  /// A transform of a smooth length along the last axis but one.
  static func smoothTransform(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    guard let length = shape[shape.count - 2].constant else {
      throw lowering.unsupported(
        node, "a transform of run-time length", remedy: "fix the size of that axis")
    }
    let x = try lowering.operand(source, .float, order: Array(shape.indices))
    let twiddles = lowering.constant(
      Lowering.twiddles(length), type: .float32, dims: [length, 2],
      name: lowering.graph[target].name + "/twiddles")
    let y = try lowering.result(target)
    lowering.emit(.dft, [x.tensor, twiddles], [y.tensor])
    lowering.define(target, as: y)
  }
}
