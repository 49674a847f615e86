import EdgeFormat
import Foundation

/// Discrete Fourier transforms, all made of one: forward, along the last axis but one, of a length
/// that factors in 2, 3, 5 and 7.
extension Operator {
  /// x `[..., L, 1 or 2]`, length?, axis? (an attribute before 20) → the spectrum, `[..., 2]`; from
  /// one side of a spectrum back (`onesided` and `inverse`): `[..., 1]`.
  /// <https://onnx.ai/onnx/operators/onnx__DFT.html>
  static let dft = composite("DFT", opsets: 17...latestOpset) { node, body in
    let x = try body.required(0)
    let rank = try body.shape(x).count
    let chosen =
      body.tensor(body.input(2))?.ints.first ?? node.int("axis", node.opset < 20 ? 1 : -2)
    let axis = try EdgeConvert.axis(chosen, rank: rank, node)
    guard rank >= 2, axis < rank - 1 else {
      throw node.invalid("axis \(chosen) is not one of the signal")
    }
    let order = (0..<(rank - 1)).filter { $0 != axis } + [axis, rank - 1]
    let rows = try body.apply("Transpose", [x], ["perm": .ints(order.map { Int64($0) })])
    let transform = FourierTransform(
      length: body.tensor(body.input(1))?.ints.first, isInverse: node.int("inverse", 0) != 0,
      isOneSided: node.int("onesided", 0) != 0)
    guard body.input(1) == nil || transform.length != nil else {
      throw ConversionError.obstacles([
        node.obstacle("its length depends on run-time data", remedy: "make the length constant")
      ])
    }
    let spectrum = try transform.apply(rows, node, &body)
    let back = order.indices.map { Int64(order.firstIndex(of: $0) ?? 0) }
    return [try body.apply("Transpose", [spectrum], ["perm": .ints(back)])]
  }

  /// A forward transform that the runtime executes.
  ///
  /// x `[..., L, 1 or 2]`, L a product of 2, 3, 5 and 7 → `[..., L, 2]`, or the first half and one
  /// bin of a real x (`onesided`).
  static let smoothTransform = Operator(
    "edge.DFT", opsets: 1...latestOpset,
    infer: { node, graph in
      var shape = try graph.shape(node, 0)
      guard shape.count >= 2 else { throw node.invalid("needs two axes") }
      let length = shape[shape.count - 2]
      if node.int("onesided", 0) != 0 {
        shape[shape.count - 2] = length / Dimension(2) + Dimension(1)
      }
      shape[shape.count - 1] = Dimension(2)
      return [ValueType(type: .float32, shape: shape)]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let (length, parts) = (x.shape[x.shape.count - 2], x.shape[x.shape.count - 1])
      let bins = node.int("onesided", 0) != 0 ? length / 2 + 1 : length
      let transform = FourierSum(length: length, inverse: false)
      let data = x.floats
      let rows = length * parts == 0 ? 0 : data.count / (length * parts)
      var values: [Float] = []
      for row in 0..<rows {
        let signal = (0..<length).map { i -> (Double, Double) in
          let place = (row * length + i) * parts
          return (Double(data[place]), parts == 2 ? Double(data[place + 1]) : 0)
        }
        values += transform.spectrum(signal, bins: bins)
      }
      return [Tensor(values, shape: x.shape.dropLast(2) + [bins, 2])]
    }, lower: Lowering.smoothTransform)

  /// An STFT that the runtime does not execute as it is: frames are gathered and transformed.
  @Sendable static func framedTransform(_ node: Node, _ body: inout Expansion) throws
    -> [ValueID?]?
  {
    let signal = try body.required(0)
    let window = body.input(2)
    let isReal = try body.shape(signal).count == 2 || body.shape(signal).last?.constant == 1
    let isOneSided = node.int("onesided", 1) != 0
    guard let step = body.tensor(body.input(1))?.ints.first, step > 0,
      let length = try window.map({ try body.sizes($0)[0] })
        ?? body.tensor(body.input(3))?.ints.first
    else { return nil }
    let isConstant = window == nil || body.tensor(window) != nil
    if isReal, isOneSided, isConstant, FourierTransform.isSmooth(length) { return nil }
    let samples = try body.sizes(signal)[1]
    guard samples >= length else {
      throw node.invalid("a frame of \(length) does not fit a signal of \(samples)")
    }
    let frames = (samples - length) / step + 1
    let places = (0..<frames).flatMap { frame in (0..<length).map { Int64(frame * step + $0) } }
    let index = body.constant(Tensor(places, shape: [frames, length]))
    let source =
      try body.shape(signal).count == 2
      ? body.apply("Unsqueeze", [signal, body.constant(ints: [2])]) : signal
    var rows = try body.apply("Gather", [source, index], ["axis": .int(1)])
    if let window {
      let column = try body.apply("Unsqueeze", [window, body.constant(ints: [1])])
      rows = try body.apply("Mul", [rows, column])
    }
    let transform = FourierTransform(length: nil, isInverse: false, isOneSided: isOneSided)
    return [try transform.apply(rows, node, &body)]
  }
}

/// A discrete Fourier transform along the last axis but one, as nodes.
struct FourierTransform {
  /// Length of the transform; the axis's own when nil.
  let length: Int?
  let isInverse: Bool
  let isOneSided: Bool

  /// Whether a length is a product of 2, 3, 5 and 7.
  static func isSmooth(_ length: Int) -> Bool {
    var rest = Swift.max(length, 1)
    for prime in [2, 3, 5, 7] {
      while rest % prime == 0 { rest /= prime }
    }
    return rest == 1
  }

  /// x `[..., extent, 1 or 2]` → its transform.
  func apply(_ x: ValueID, _ node: Node, _ body: inout Expansion) throws -> ValueID {
    let shape = try body.shape(x)
    guard shape.count >= 2, let extent = shape[shape.count - 2].constant,
      let parts = shape[shape.count - 1].constant, parts == 1 || parts == 2
    else {
      throw ConversionError.obstacles([
        node.obstacle(
          "the axis that it transforms has no size known at conversion",
          remedy: "fix the size of that axis")
      ])
    }
    let isBack = isInverse && isOneSided
    let n = length ?? (isBack ? 2 * (extent - 1) : extent)
    guard n > 0 else { throw node.invalid("a transform of length \(n)") }
    let kept = isBack ? n / 2 + 1 : n
    var signal = try resized(x, from: extent, to: kept, &body)
    if isBack { signal = try mirrored(signal, n, &body) }
    if isInverse {
      // The inverse is the forward transform with real and imaginary parts swapped, before and
      // after.
      let swapped = try swap(complex(signal, &body), &body)
      let spectrum = try swap(forward(swapped, n, &body), &body)
      let scaled = try body.apply("Mul", [spectrum, body.constant(1 / Float(n))])
      return isBack ? try sliced(scaled, to: 1, axis: -1, &body) : scaled
    }
    if isOneSided, parts == 1, FourierTransform.isSmooth(n) {
      return try body.apply("edge.DFT", [signal], ["onesided": .int(1)])
    }
    let spectrum = try forward(signal, n, &body)
    return isOneSided ? try sliced(spectrum, to: n / 2 + 1, axis: -2, &body) : spectrum
  }

  /// Of any length: Bluestein's convolution with a chirp where the length has other factors.
  private func forward(_ x: ValueID, _ n: Int, _ body: inout Expansion) throws -> ValueID {
    if FourierTransform.isSmooth(n) { return try body.apply("edge.DFT", [x]) }
    var m = 1
    while m < 2 * n - 1 { m *= 2 }
    let chirp = (0..<n).map { k -> (Double, Double) in
      let angle = Double.pi * Double(k * k % (2 * n)) / Double(n)
      return (cos(angle), -sin(angle))
    }
    var kernel = [(Double, Double)](repeating: (0, 0), count: m)
    for (k, value) in chirp.enumerated() {
      kernel[k] = (value.0, -value.1)
      if k > 0 { kernel[m - k] = kernel[k] }
    }
    let spectrum = FourierSum(length: m, inverse: false).spectrum(kernel, bins: m)
    let scaled = (0..<m).map { k in
      (Double(spectrum[2 * k]) / Double(m), Double(spectrum[2 * k + 1]) / Double(m))
    }
    let turned = try product(complex(x, &body), chirp, &body)
    let padded = try resized(turned, from: n, to: m, &body)
    let convolved = try product(body.apply("edge.DFT", [padded]), scaled, &body)
    let back = try swap(body.apply("edge.DFT", [swap(convolved, &body)]), &body)
    return try product(sliced(back, to: n, axis: -2, &body), chirp, &body)
  }

  /// x `[..., L, 2]` times constant complex factors `[L]`.
  private func product(
    _ x: ValueID, _ factors: [(Double, Double)], _ body: inout Expansion
  ) throws -> ValueID {
    let real = body.constant(Tensor(factors.map { Float($0.0) }, shape: [factors.count, 1]))
    let turned = body.constant(
      Tensor(factors.flatMap { [Float(-$0.1), Float($0.1)] }, shape: [factors.count, 2]))
    let straight = try body.apply("Mul", [x, real])
    let crossed = try body.apply("Mul", [swap(x, &body), turned])
    return try body.apply("Add", [straight, crossed])
  }

  /// One side of the spectrum of a real signal `[..., n / 2 + 1, 1 or 2]` continued to n bins.
  private func mirrored(_ x: ValueID, _ n: Int, _ body: inout Expansion) throws -> ValueID {
    let places = body.constant(ints: (0..<n).map { $0 <= n / 2 ? $0 : n - $0 })
    let signs: [Float] = (0..<n).flatMap { [1, $0 <= n / 2 ? 1 : -1] }
    let whole = try body.apply("Gather", [complex(x, &body), places], ["axis": .int(-2)])
    return try body.apply("Mul", [whole, body.constant(Tensor(signs, shape: [n, 2]))])
  }

  /// Real and imaginary parts change places.
  private func swap(_ x: ValueID, _ body: inout Expansion) throws -> ValueID {
    try body.apply("Gather", [x, body.constant(ints: [1, 0])], ["axis": .int(-1)])
  }

  /// An imaginary part of 0 beside a real signal.
  private func complex(_ x: ValueID, _ body: inout Expansion) throws -> ValueID {
    guard try body.shape(x).last?.constant == 1 else { return x }
    return try padded(x, by: 1, axis: -1, &body)
  }

  /// Zeros added, or the end cut off, along the last axis but one.
  private func resized(_ x: ValueID, from: Int, to: Int, _ body: inout Expansion) throws -> ValueID
  {
    if from == to { return x }
    return from < to
      ? try padded(x, by: to - from, axis: -2, &body) : try sliced(x, to: to, axis: -2, &body)
  }

  private func padded(_ x: ValueID, by count: Int, axis: Int, _ body: inout Expansion) throws
    -> ValueID
  {
    var pads = [Int](repeating: 0, count: try body.shape(x).count * 2)
    pads[pads.count + axis] = count
    return try body.apply("Pad", [x, body.constant(ints: pads)])
  }

  private func sliced(_ x: ValueID, to end: Int, axis: Int, _ body: inout Expansion) throws
    -> ValueID
  {
    try body.apply(
      "Slice",
      [
        x, body.constant(ints: [0]), body.constant(ints: [end]), body.constant(ints: [axis]),
      ])
  }
}
