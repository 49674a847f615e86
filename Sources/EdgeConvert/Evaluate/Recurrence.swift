/// One evaluation of a recurrence ("edge.LSTM", "edge.GRU", "edge.RNN"): for every direction and
/// sequence, a loop over the steps.
struct Recurrence {
  private let form: RecurrentForm
  private let inputs: [Tensor?]
  /// `[T, N, D*G*H]`.
  private let x: Tensor
  private let weights: [Float]
  private let biases: [Float]?
  private let peepholes: [Float]?
  private let steps: Int
  private let batches: Int

  private var hidden: Int { form.hidden }
  private var rows: Int { form.gates * form.hidden }

  /// - Throws: `ConversionError.invalid` when the operands do not fit together.
  init(_ node: Node, _ inputs: [Tensor?]) throws {
    let given = try need(node, inputs, 0)
    let r = try need(node, inputs, 1)
    self.inputs = inputs
    form = try RecurrentForm(node, recurrence: r)
    x = form.isBatchFirst ? given.transposed([1, 0, 2]) : given
    weights = r.floats
    biases = optional(inputs, 2)?.floats
    peepholes = optional(inputs, 6)?.floats
    guard x.shape.count == 3, x.shape[2] == form.directions * form.gates * form.hidden else {
      throw node.invalid("an input of shape \(given.shape) does not fit weights \(r.shape)")
    }
    (steps, batches) = (x.shape[0], x.shape[1])
    let states = form.directions * batches * form.hidden
    for (index, count) in [
      (3, batches), (4, states), (5, states), (6, 3 * form.hidden * form.directions),
    ] {
      if let operand = optional(inputs, index), operand.count != count {
        throw node.invalid("operand \(index) has \(operand.count) elements, not \(count)")
      }
    }
  }

  /// y, h and, of an LSTM, c.
  func run() -> [Tensor] {
    let directions = form.directions
    let size = batches * hidden
    var y = [Float](repeating: 0, count: steps * directions * size)
    var h = initial(4)
    var c = initial(5)
    let data = x.floats
    let lengths = optional(inputs, 3)?.ints ?? Array(repeating: steps, count: batches)
    for direction in 0..<directions {
      for batch in 0..<batches {
        let state = direction * size + batch * hidden
        let range = state..<(state + hidden)
        var (own, cell) = (Array(h[range]), Array(c[range]))
        let length = min(max(lengths[batch], 0), steps)
        for index in 0..<length {
          let step = form.isReversed[direction] ? length - 1 - index : index
          let start = ((step * batches + batch) * directions + direction) * rows
          advance(direction, data[start..<(start + rows)], &own, &cell)
          let target = (step * directions + direction) * size + batch * hidden
          y.replaceSubrange(target..<(target + hidden), with: own)
        }
        h.replaceSubrange(range, with: own)
        c.replaceSubrange(range, with: cell)
      }
    }
    let sequence = Tensor(y, shape: [steps, directions, batches, hidden])
    let states = (form.isLSTM ? [h, c] : [h]).map {
      Tensor($0, shape: [directions, batches, hidden])
    }
    return form.isBatchFirst
      ? [sequence.transposed([2, 0, 1, 3])] + states.map { $0.transposed([1, 0, 2]) }
      : [sequence] + states
  }

  private func initial(_ index: Int) -> [Float] {
    guard let state = optional(inputs, index) else {
      return Array(repeating: 0, count: form.directions * batches * hidden)
    }
    return form.isBatchFirst ? state.transposed([1, 0, 2]).floats : state.floats
  }

  /// Takes one sequence one step further; `input` holds its gates' share of x.
  private func advance(
    _ direction: Int, _ input: ArraySlice<Float>, _ h: inout [Float], _ c: inout [Float]
  ) {
    let x = Array(input)
    let sums = product(direction, 0..<rows, h)
    if form.isLSTM {
      advanceLSTM(direction, zip(x, sums).map { $0 + $1 }, &h, &c)
    } else if form.isGRU {
      advanceGRU(direction, x, sums, &h)
    } else {
      h = zip(x, sums).map { activated(direction, 0, $0 + $1) }
    }
  }

  private func advanceLSTM(
    _ direction: Int, _ z: [Float], _ h: inout [Float], _ c: inout [Float]
  ) {
    func peep(_ gate: Int, _ i: Int) -> Float {
      (peepholes?[(direction * 3 + gate) * hidden + i] ?? 0) * c[i]
    }
    for i in 0..<hidden {
      let input = activated(direction, 0, z[i] + peep(0, i))
      let forget =
        form.inputForget ? 1 - input : activated(direction, 0, z[2 * hidden + i] + peep(2, i))
      c[i] = forget * c[i] + input * activated(direction, 1, z[3 * hidden + i])
      h[i] = activated(direction, 0, z[hidden + i] + peep(1, i)) * activated(direction, 2, c[i])
    }
  }

  private func advanceGRU(_ direction: Int, _ x: [Float], _ sums: [Float], _ h: inout [Float]) {
    let reset = (hidden..<(2 * hidden)).map { activated(direction, 0, x[$0] + sums[$0]) }
    let candidate = (2 * hidden)..<rows
    let inner =
      form.linearBeforeReset
      ? zip(reset, sums[candidate]).map { $0 * $1 }
      : product(direction, candidate, zip(reset, h).map { $0 * $1 })
    h = (0..<hidden).map { i in
      let update = activated(direction, 0, x[i] + sums[i])
      return (1 - update) * activated(direction, 1, x[2 * hidden + i] + inner[i]) + update * h[i]
    }
  }

  private func activated(_ direction: Int, _ place: Int, _ value: Float) -> Float {
    let clipped = place == 2 ? value : min(max(value, -form.clip), form.clip)
    return Float(form.activations[direction * 3 + place].value(Double(clipped)))
  }

  /// Some rows of a direction's recurrent weights times a vector, and their biases.
  private func product(_ direction: Int, _ range: Range<Int>, _ vector: [Float]) -> [Float] {
    let first = direction * rows + range.lowerBound
    var result =
      biases.map { Array($0[first..<(first + range.count)]) }
      ?? Array(repeating: 0, count: range.count)
    for row in range.indices {
      let start = (direction * rows + row) * hidden
      var sum: Float = 0
      for k in 0..<hidden { sum += weights[start + k] * vector[k] }
      result[row - range.lowerBound] += sum
    }
    return result
  }
}
