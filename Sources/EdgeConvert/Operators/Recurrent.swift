import EdgeFormat
import Foundation

/// LSTM, GRU and RNN: x `[T, N, I]`, w `[D, G*H, I]`, r `[D, G*H, H]`, b? `[D, 2*G*H]`, lengths?
/// `[N]`, h0? `[D, N, H]`, c0? `[D, N, H]`, peepholes? `[D, 3*H]` → y `[T, D, N, H]`, h `[D, N,
/// H]`, c `[D, N, H]`; batch first when `layout` is 1.
/// <https://onnx.ai/onnx/operators/onnx__LSTM.html>
extension Operator {
  static let recurrent: [Operator] = ["LSTM", "GRU", "RNN"].map { name in
    Operator(
      name, opsets: 7...latestOpset,
      infer: { node, graph in
        let x = try graph.shape(node, 0)
        let r = try graph.shape(node, 2)
        guard x.count == 3, r.count == 3 else { throw node.invalid("x and r need three axes") }
        let batchFirst = node.int("layout", 0) == 1
        let (t, n, d, h) = (x[batchFirst ? 1 : 0], x[batchFirst ? 0 : 1], r[0], r[2])
        let type = try graph.type(node, 0)
        let state = ValueType(type: type, shape: batchFirst ? [n, d, h] : [d, n, h])
        let y = ValueType(type: type, shape: batchFirst ? [n, t, d, h] : [t, d, n, h])
        return [y, state] + (name == "LSTM" ? [state] : [])
      },
      evaluate: { node, inputs in
        let cell = try RecurrentCell(node, inputs)
        let results = cell.run()
        return name == "LSTM" ? results : Array(results.prefix(2))
      }, lower: nil)
  }
}

/// One evaluation: for every direction, a loop over the steps.
private struct RecurrentCell {
  let node: Node
  let inputs: [Tensor?]
  let x: Tensor
  let weights: [Float]
  let recurrence: [Float]
  let gates: Int
  let steps: Int
  let batches: Int
  let width: Int
  let directions: Int
  let hidden: Int
  let batchFirst: Bool
  let activations: [@Sendable (Float) -> Float]

  init(_ node: Node, _ inputs: [Tensor?]) throws {
    self.node = node
    self.inputs = inputs
    batchFirst = node.int("layout", 0) == 1
    let given = try need(node, inputs, 0)
    let w = try need(node, inputs, 1)
    let r = try need(node, inputs, 2)
    gates = node.op == "LSTM" ? 4 : node.op == "GRU" ? 3 : 1
    guard given.shape.count == 3, w.shape.count == 3, r.shape.count == 3,
      w.shape[2] == given.shape[2],
      w.shape[0] == r.shape[0], w.shape[1] == gates * r.shape[2], r.shape[1] == w.shape[1],
      (1...2).contains(r.shape[0])
    else {
      throw node.invalid("weights \(w.shape) and \(r.shape) do not fit the input \(given.shape)")
    }
    x = batchFirst ? given.transposed([1, 0, 2]) : given
    (weights, recurrence) = (w.floats, r.floats)
    (steps, batches, width) = (x.shape[0], x.shape[1], x.shape[2])
    (directions, hidden) = (r.shape[0], r.shape[2])
    let standard =
      node.op == "LSTM"
      ? ["Sigmoid", "Tanh", "Tanh"] : node.op == "GRU" ? ["Sigmoid", "Tanh"] : ["Tanh"]
    var names = (0..<directions).flatMap { _ in standard }
    if case .strings(let stated) = node.attributes["activations"] {
      guard stated.count == names.count else { throw node.invalid("\(stated.count) activations") }
      names = stated
    }
    let alphas = node.floats("activation_alpha") ?? []
    let betas = node.floats("activation_beta") ?? []
    activations = try names.enumerated().map { index, name in
      try Self.activation(
        name, alphas.indices.contains(index) ? alphas[index] : nil,
        betas.indices.contains(index) ? betas[index] : nil, node)
    }
    for (index, count) in [
      (3, 2 * gates * hidden * directions), (5, directions * batches * hidden),
      (6, directions * batches * hidden), (7, 3 * hidden * directions), (4, batches),
    ] {
      if let operand = optional(inputs, index), operand.count != count {
        throw node.invalid("operand \(index) has \(operand.count) elements, not \(count)")
      }
    }
  }

  private static func activation(
    _ name: String, _ alpha: Float?, _ beta: Float?, _ node: Node
  ) throws -> @Sendable (Float) -> Float {
    switch name.lowercased() {
    case "sigmoid": return { 1 / (1 + exp(-$0)) }
    case "tanh": return { tanh($0) }
    case "relu": return { max($0, 0) }
    case "affine": return { (alpha ?? 1) * $0 + (beta ?? 0) }
    case "leakyrelu": return { $0 < 0 ? (alpha ?? 0.01) * $0 : $0 }
    case "thresholdedrelu": return { $0 > (alpha ?? 1) ? $0 : 0 }
    case "scaledtanh": return { (alpha ?? 1) * tanh((beta ?? 1) * $0) }
    case "hardsigmoid": return { min(max((alpha ?? 0.2) * $0 + (beta ?? 0.5), 0), 1) }
    case "elu": return { $0 < 0 ? (alpha ?? 1) * expm1($0) : $0 }
    case "softsign": return { $0 / (1 + abs($0)) }
    case "softplus": return { log1p(exp($0)) }
    default: throw node.invalid("activation \"\(name)\" does not exist")
    }
  }

  func run() -> [Tensor] {
    let size = batches * hidden
    var y = [Float](repeating: 0, count: steps * directions * size)
    var h = reordered(optional(inputs, 5), [directions, batches, hidden])
    var c = reordered(optional(inputs, 6), [directions, batches, hidden])
    let data = x.floats
    let lengths = optional(inputs, 4)?.ints ?? Array(repeating: steps, count: batches)
    for direction in 0..<directions {
      let isReverse = direction == 1 || node.string("direction") == "reverse"
      for batch in 0..<batches {
        let state = direction * size + batch * hidden
        var (own, cell) = (Array(h[state..<(state + hidden)]), Array(c[state..<(state + hidden)]))
        let length = min(max(lengths[batch], 0), steps)
        for index in 0..<length {
          let step = isReverse ? length - 1 - index : index
          let start = (step * batches + batch) * width
          (own, cell) = advance(direction, data[start..<(start + width)], own, cell)
          let target = (step * directions + direction) * size + batch * hidden
          y.replaceSubrange(target..<(target + hidden), with: own)
        }
        h.replaceSubrange(state..<(state + hidden), with: own)
        c.replaceSubrange(state..<(state + hidden), with: cell)
      }
    }
    let sequence = Tensor(y, shape: [steps, directions, batches, hidden])
    let states = [h, c].map { Tensor($0, shape: [directions, batches, hidden]) }
    return batchFirst
      ? [sequence.transposed([2, 0, 1, 3])] + states.map { $0.transposed([1, 0, 2]) }
      : [sequence] + states
  }

  private func reordered(_ state: Tensor?, _ shape: [Int]) -> [Float] {
    guard let state else { return [Float](repeating: 0, count: shape.reduce(1, *)) }
    return batchFirst && state.shape.count == 3 ? state.transposed([1, 0, 2]).floats : state.floats
  }

  private func advance(
    _ direction: Int, _ input: ArraySlice<Float>, _ h: [Float], _ c: [Float]
  ) -> ([Float], [Float]) {
    let rows = gates * hidden
    let bias = optional(inputs, 3)?.floats
    let fromInput = product(weights, direction * rows * width, rows, Array(input))
    let fromState = product(recurrence, direction * rows * hidden, rows, h)
    func b(_ row: Int) -> Float { bias?[direction * 2 * rows + row] ?? 0 }
    func rb(_ row: Int) -> Float { bias?[direction * 2 * rows + rows + row] ?? 0 }
    let clip = node.float("clip") ?? .infinity
    func clipped(_ value: Float) -> Float { min(max(value, -clip), clip) }
    switch node.op {
    case "LSTM":
      let peep = optional(inputs, 7)?.floats
      func p(_ gate: Int, _ i: Int) -> Float {
        peep?[direction * 3 * hidden + gate * hidden + i] ?? 0
      }
      let (f, g, k) = (
        activations[direction * 3], activations[direction * 3 + 1], activations[direction * 3 + 2]
      )
      var (nextH, nextC) = (h, c)
      for i in 0..<hidden {
        func z(_ gate: Int) -> Float {
          let row = gate * hidden + i
          return fromInput[row] + fromState[row] + b(row) + rb(row)
        }
        let inGate = f(clipped(z(0) + p(0, i) * c[i]))
        let forget =
          node.int("input_forget", 0) != 0 ? 1 - inGate : f(clipped(z(2) + p(2, i) * c[i]))
        nextC[i] = forget * c[i] + inGate * g(clipped(z(3)))
        nextH[i] = f(clipped(z(1) + p(1, i) * nextC[i])) * k(nextC[i])
      }
      return (nextH, nextC)
    case "GRU":
      let (f, g) = (activations[direction * 2], activations[direction * 2 + 1])
      let linear = node.int("linear_before_reset", 0) != 0
      let reset = (0..<hidden).map { i -> Float in
        let row = hidden + i
        return f(clipped(fromInput[row] + fromState[row] + b(row) + rb(row)))
      }
      let candidate =
        linear
        ? []
        : product(
          recurrence, direction * rows * hidden + 2 * hidden * hidden, hidden,
          mapPairs(reset, h) { $0 * $1 })
      var next = h
      for i in 0..<hidden {
        let row = 2 * hidden + i
        let update = f(clipped(fromInput[i] + fromState[i] + b(i) + rb(i)))
        let inner = linear ? reset[i] * (fromState[row] + rb(row)) : candidate[i] + rb(row)
        next[i] = (1 - update) * g(clipped(fromInput[row] + b(row) + inner)) + update * h[i]
      }
      return (next, c)
    default:
      let f = activations[direction]
      return ((0..<hidden).map { f(clipped(fromInput[$0] + fromState[$0] + b($0) + rb($0))) }, c)
    }
  }

  private func product(_ matrix: [Float], _ offset: Int, _ rows: Int, _ vector: [Float]) -> [Float]
  {
    var result = [Float](repeating: 0, count: rows)
    let depth = vector.count
    matrix.withUnsafeBufferPointer { matrix in
      vector.withUnsafeBufferPointer { vector in
        result.withUnsafeMutableBufferPointer { result in
          guard let matrix = matrix.baseAddress, let vector = vector.baseAddress,
            let result = result.baseAddress
          else {
            return
          }
          multiply(rows: rows, columns: 1, depth: depth, matrix + offset, vector, into: result)
        }
      }
    }
    return result
  }
}
