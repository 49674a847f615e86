import CEdgeKernels
import EdgeFormat

/// `lstm`, `gru`, `rnn` (float): x `[T, N, D, G*H]` (what the input contributes to the gates, biases
/// included), recurrence `[D][G*H/16][H][16]` and bias `[D][G*H]` (H padded to 16 per gate), lengths?
/// `[N]`, h0? `[D, N, H]`, c0? `[D, N, H]`, peepholes? `[D, 3, H]`, scale? `[D][G*H]` → y `[T, N, D,
/// H]`, h `[D, N, H]`, c `[D, N, H]` (`lstm` alone).
///
/// With a scale for each row the recurrence is int8, `[D][G*H/16][H/4][16][4]`, and multiplies
/// states in 16 bits (`edge_product_s16`).
///
/// Gates stand in ONNX's order: i o f c; z r h; one. Steps past a sequence's length give zeros.
enum Recurrent {
  /// Sequences that walk through the steps together and share each pass over the weights.
  static let blockSequences = 48
  private static let largestHidden = 1 << 20

  /// Gates of a cell.
  static func gateCount(_ node: NodeView) -> Int {
    switch node.opCode {
    case .lstm: 4
    case .gru: 3
    default: 1
    }
  }

  static func check(_ node: NodeView) throws(EdgeError) {
    let isLSTM = node.opCode == .lstm
    let isInt8 = node.inputCount > 1 && node.has(1) && node.input(1).type == .int8
    try node.expect(inputs: isInt8 ? 8 : 7, required: 3, outputs: isLSTM ? 3 : 2)
    try node.expectParameters(RecurrentParameters.self)
    let y = node.output(), h = node.output(1)
    for position in 0..<node.inputCount where position != 3 && node.has(position) {
      if position == 1 && isInt8 { continue }
      try node.expectFloat(node.input(position))
    }
    try node.expectFloat(y)
    try node.expectFloat(h)
    try node.expectRank(node.input(0), 4)
    try node.expectRank(y, 4)
    try node.expectEqual(node.input(0), y, axes: 0..<3)
    try node.require(
      h.rank == 3 && h.dims[0] == y.dims[2] && h.dims[1] == y.dims[1] && h.dims[2] == y.dims[3],
      "the last state of a recurrence is [directions, sequences, hidden]")
    if isLSTM { try node.expectAlike(node.output(2), h) }
    try node.require(isLSTM || !(node.has(5) || node.has(6)), "only an lstm has cells")
    for position in 4...5 where node.has(position) { try node.expectAlike(node.input(position), h) }
    try checkConstants(node, h)
  }

  /// Groups of 4 in the rows of int8 weights.
  static func quads(_ hidden: Int) -> Int { (hidden &+ 3) / 4 }

  private static func checkConstants(_ node: NodeView, _ h: TensorView) throws(EdgeError) {
    let directions = h.dims[0], sequences = h.dims[1], hidden = h.dims[2]
    try node.expect(directions, in: 1...2, "a recurrence has %0 directions")
    try node.expect(hidden, in: 0...largestHidden, "a state of %0 values is not in %1...%2")
    let gates = gateCount(node), width = ConvolutionOperands.padded(hidden)
    try node.require(node.input(0).dims[3] == gates * hidden, "each gate has a value per unit")
    let rows = directions * gates * width
    let isInt8 = node.input(1).type == .int8
    let columns = isInt8 ? quads(hidden) * 4 : hidden
    try node.require(
      node.input(1).storage == .weights && node.input(2).storage == .weights
        && rows * columns <= Int(Int32.max) && node.input(1).count >= rows * columns
        && node.input(2).count >= rows, "recurrent weights or biases are too few")
    if isInt8 {
      try node.require(
        node.has(7) && node.input(7).storage == .weights && node.input(7).count >= rows,
        "int8 recurrent weights have a scale for each row")
    }
    if node.has(3) {
      try node.require(
        node.input(3).type == .int32 && node.input(3).count == sequences,
        "a length is an int32 for each sequence")
    }
    if node.has(6) {
      try node.require(
        node.input(6).count == directions * 3 * hidden, "a cell looks through three peepholes")
    }
    let parameters = node.parameters(as: RecurrentParameters.self)
    for position in 0..<6 {
      try Unary.expectKind(parameters.activation(position), of: node)
    }
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    RecurrentWalk.scratchBytes(node, count: min(node.output(1).dims[1], blockSequences))
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let h = node.output(1)
    guard h.count > 0 else { return }
    let blocks = (h.dims[1] &+ blockSequences &- 1) / blockSequences
    let products = node.input(0).count &* h.dims[2]
    context.split(
      node, units: h.dims[0] &* blocks,
      elements: products / ConvolutionOperands.multiplicationsPerElement
    ) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let sequences = node.output(1).dims[1]
      part.forEachRun(of: (sequences &+ blockSequences &- 1) / blockSequences) {
        direction, begin, end in
        for block in begin..<end {
          let first = block &* blockSequences
          RecurrentWalk(node, direction, first..<min(first &+ blockSequences, sequences), part)
            .run()
        }
      }
    }
  }
}
