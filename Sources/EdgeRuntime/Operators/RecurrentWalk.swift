import CEdgeKernels
import EdgeFormat

/// A block of sequences on its way through the steps of a recurrence, in one direction.
struct RecurrentWalk {
  typealias Floats = UnsafeMutablePointer<Float>

  let node: NodeView
  private let parameters: RecurrentParameters
  let kernels: UnsafePointer<edge_kernels>
  let direction: Int
  /// The block: its first sequence, and how many.
  private let first: Int
  let count: Int
  /// Sizes of y.
  private let steps: Int
  private let sequences: Int
  private let directions: Int
  let hidden: Int
  let gates: Int
  /// Units of a gate in `sums`: `hidden` padded to 16.
  let width: Int
  private let x: Floats
  private let y: Floats
  private let lengths: UnsafeMutablePointer<Int32>?
  /// `[3, H]` of this direction.
  private let peepholes: Floats?
  /// States of the block, `[count][hidden]`, and an LSTM's cells.
  private let h: Floats
  private let c: Floats
  /// The gates, `[count][gates][width]`.
  let sums: Floats
  /// `[count][width]`: a GRU's reset states, else a row of intermediate values.
  private let room: Floats
  let productScratch: UnsafeMutableRawPointer
  /// The cell kernel that takes a whole step, or 0.
  private let cell: Int32

  init(_ node: NodeView, _ direction: Int, _ block: Range<Int>, _ part: Part) {
    let output = node.output()
    self.node = node
    self.direction = direction
    parameters = node.parameters(as: RecurrentParameters.self)
    kernels = part.kernels
    first = block.lowerBound
    count = block.count
    steps = output.dims[0]
    sequences = output.dims[1]
    directions = output.dims[2]
    hidden = output.dims[3]
    gates = Recurrent.gateCount(node)
    width = ConvolutionOperands.padded(hidden)
    x = node.input(0).float
    y = output.float
    lengths = node.has(3) ? node.input(3).int32 : nil
    peepholes = node.has(6) ? node.input(6).float + direction &* 3 &* hidden : nil
    let states = (direction &* sequences &+ first) &* hidden
    h = node.output(1).float + states
    c = node.opCode == .lstm ? node.output(2).float + states : h
    sums = part.scratch.assumingMemoryBound(to: Float.self)
    room = sums + count &* gates &* width
    productScratch = UnsafeMutableRawPointer(room + count &* width)
    cell = RecurrentWalk.cell(node, parameters, direction)
  }

  /// The kernel of a cell with sigmoid gates and tanh that sees everything; 0 when there is none.
  private static func cell(
    _ node: NodeView, _ parameters: RecurrentParameters, _ direction: Int
  ) -> Int32 {
    let isLSTM = node.opCode == .lstm
    guard isLSTM || node.opCode == .gru && parameters.linearBeforeReset != 0,
      parameters.inputForget == 0, parameters.clip == .infinity, !node.has(6)
    else { return 0 }
    for place in 0..<(isLSTM ? 3 : 2) {
      let kind = Int(parameters.activation(direction &* 3 &+ place).kind)
      if kind != (place == 0 ? EDGE_UNARY_SIGMOID : EDGE_UNARY_TANH) { return 0 }
    }
    return Int32(isLSTM ? EDGE_CELL_LSTM : EDGE_CELL_GRU)
  }

  /// Scratch of a block, in bytes.
  static func scratchBytes(_ node: NodeView, count: Int) -> Int {
    guard count > 0 else { return 0 }
    let hidden = node.output().dims[3], gates = Recurrent.gateCount(node)
    let sums = count &* (gates &+ 1) &* ConvolutionOperands.padded(hidden) &* 4
    // 16-bit codes of one state.
    guard node.input(1).type == .float32 else { return sums &+ Recurrent.quads(hidden) &* 8 }
    var conv = product(count: count, hidden: hidden, outputs: hidden)
    return sums &+ Int(edge_conv_scratch_f32(&conv))
  }

  func run() {
    load(h, from: 4)
    if node.opCode == .lstm { load(c, from: 5) }
    let resetsState = node.opCode == .gru && parameters.linearBeforeReset == 0
    for index in 0..<steps {
      multiply(h, gates: 0..<(resetsState ? 2 : gates))
      if resetsState {
        advance(index, isReset: true)
        multiply(room, gates: 2..<3)
      }
      advance(index, isReset: false)
    }
  }

  // MARK: Steps

  /// Takes every sequence that is still under way one step further, or, before it, lets a GRU's
  /// reset gates act on the states; a sequence that has ended leaves zeros in y.
  @inline(never)
  private func advance(_ index: Int, isReset: Bool) {
    let isReversed = parameters.reversed >> Int32(truncatingIfNeeded: direction) & 1 != 0
    for sequence in 0..<count {
      let length = lengths.map { max(0, min(steps, Int($0[first &+ sequence]))) } ?? steps
      let step = isReversed && index < length ? length &- 1 &- index : index
      let row = (step &* sequences &+ first &+ sequence) &* directions &+ direction
      let y = self.y + row &* hidden
      if index >= length {
        y.update(repeating: 0, count: hidden)
      } else if isReset {
        reset(sequence, row)
      } else {
        advance(sequence, row)
        y.update(from: h + sequence &* hidden, count: hidden)
      }
    }
  }

  private func advance(_ sequence: Int, _ row: Int) {
    let x = self.x + row &* gates &* hidden
    let z = sums + sequence &* gates &* width
    let h = self.h + sequence &* hidden
    guard cell == 0 else {
      return kernels.pointee.cell_f32(
        cell, x, z, Int64(width), c + sequence &* hidden, h, Int64(hidden))
    }
    switch node.opCode {
    case .lstm: advanceLSTM(x, z, h, c + sequence &* hidden)
    case .gru: advanceGRU(x, z, h)
    default:
      add(z, x)
      activate(0, z)
      h.update(from: z, count: hidden)
    }
  }

  @inline(never)
  private func advanceLSTM(_ x: Floats, _ z: Floats, _ h: Floats, _ c: Floats) {
    let input = z, output = z + width, forget = z + 2 &* width, cell = z + 3 &* width
    for gate in 0..<4 { add(z + gate &* width, x + gate &* hidden) }
    peep(0, c, input)
    peep(2, c, forget)
    activate(0, input)
    activate(1, cell)
    if parameters.inputForget != 0 {
      subtractFromOne(input, forget)
    } else {
      activate(0, forget)
    }
    combine(EDGE_BINARY_MUL, c, forget, c)
    combine(EDGE_BINARY_MUL, cell, input, cell)
    add(c, cell)
    peep(1, c, output)
    activate(0, output)
    h.update(from: c, count: hidden)
    activate(2, h)
    combine(EDGE_BINARY_MUL, h, output, h)
  }

  /// Opens a GRU's update and reset gates; what the reset leaves of the state goes to `room`.
  private func reset(_ sequence: Int, _ row: Int) {
    let z = sums + sequence &* gates &* width
    openGates(x + row &* gates &* hidden, z)
    let offset = sequence &* hidden
    combine(EDGE_BINARY_MUL, z + width, h + offset, room + offset)
  }

  @inline(never)
  private func openGates(_ x: Floats, _ z: Floats) {
    for gate in 0..<2 {
      add(z + gate &* width, x + gate &* hidden)
      activate(0, z + gate &* width)
    }
  }

  @inline(never)
  private func advanceGRU(_ x: Floats, _ z: Floats, _ h: Floats) {
    let update = z, candidate = z + 2 &* width
    if parameters.linearBeforeReset != 0 {
      openGates(x, z)
      combine(EDGE_BINARY_MUL, candidate, z + width, candidate)
    }
    add(candidate, x + 2 &* hidden)
    activate(1, candidate)
    combine(EDGE_BINARY_MUL, h, update, h)
    subtractFromOne(update, update)
    combine(EDGE_BINARY_MUL, candidate, update, candidate)
    add(h, candidate)
  }

  // MARK: Vectors of `hidden` values

  /// Adds what a gate (of i, o, f) sees of the cells.
  @inline(never)
  private func peep(_ gate: Int, _ c: Floats, _ z: Floats) {
    guard let peepholes else { return }
    combine(EDGE_BINARY_MUL, peepholes + gate &* hidden, c, room)
    add(z, room)
  }

  @inline(never)
  private func activate(_ position: Int, _ values: Floats) {
    let activation = parameters.activation(direction &* 3 &+ position)
    // The output of a cell is not clipped.
    if parameters.clip < .infinity, position < 2 {
      apply(Int32(EDGE_UNARY_CLIP), values, -parameters.clip, parameters.clip)
    }
    apply(activation.kind, values, activation.alpha, activation.beta)
  }

  private func apply(_ kind: Int32, _ values: Floats, _ alpha: Float, _ beta: Float) {
    kernels.pointee.unary_f32(kind, values, values, Int64(hidden), alpha, beta)
  }

  private func add(_ sum: Floats, _ addend: Floats) { combine(EDGE_BINARY_ADD, sum, addend, sum) }

  @inline(never)
  private func subtractFromOne(_ values: Floats, _ result: Floats) {
    var one: Float = 1
    kernels.pointee.binary_f32(
      Int32(EDGE_BINARY_SUB), &one, 0, values, 1, result, Int64(hidden))
  }

  @inline(never)
  private func combine(_ kind: Int, _ a: Floats, _ b: Floats, _ y: Floats) {
    kernels.pointee.binary_f32(Int32(kind), a, 1, b, 1, y, Int64(hidden))
  }

  @inline(never)
  private func load(_ states: Floats, from operand: Int) {
    guard node.has(operand) else { return states.update(repeating: 0, count: count &* hidden) }
    let offset = (direction &* sequences &+ first) &* hidden
    states.update(from: node.input(operand).float + offset, count: count &* hidden)
  }
}
