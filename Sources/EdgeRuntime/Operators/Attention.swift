import CEdgeKernels
import EdgeFormat

/// `attention` (float): q `[B, T, H, D]`, k `[B, S, H, D]`, v `[B, S, H, E]`, mask? → y `[B, T, H, E]`, each with rows and
/// heads in either order; a head is a unit of work.
///
/// A second result `[B, H, S]` is what each key receives: its weights' sum
/// over the queries.
enum Attention {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 4, required: 3, outputs: node.outputCount == 2 ? 2 : 1)
    try node.expectParameters(AttentionParameters.self)
    for operand in 0..<4 where node.has(operand) { try node.expectFloat(node.input(operand)) }
    for operand in 0..<3 { try node.expectRank(node.input(operand), 4) }
    let y = node.output()
    try node.expectFloat(y)
    try node.expectRank(y, 4)
    let heads = Heads(node)
    guard heads.q.batch == heads.y.batch, heads.k.batch == heads.y.batch,
      heads.v.batch == heads.y.batch, heads.q.count == heads.y.count,
      heads.k.count == heads.y.count, heads.v.count == heads.y.count
    else { throw node.corrupt("attention wants as many heads of every operand") }
    guard heads.q.rows == heads.y.rows, heads.k.rows == heads.v.rows, heads.q.size == heads.k.size,
      heads.v.size == heads.y.size
    else {
      throw node.corrupt(
        "%0 queries of %1 over %2 keys of %3", heads.q.rows, heads.q.size, heads.k.rows,
        heads.k.size)
    }
    // A sum of products of codes stays below 2^31.
    if node.parameters(as: AttentionParameters.self).isInt8 != 0 {
      try node.require(
        max(heads.q.size, heads.k.rows) <= 66_000, "sums of so many codes may overflow")
    }
    try node.require(
      y.count == 0 || heads.k.rows > 0 && heads.q.size > 0, "attention to nothing")
    if node.outputCount == 2 {
      let received = node.output(1)
      try node.expectFloat(received)
      try node.require(
        received.rank == 3 && received.dims[0] == heads.y.batch && received.dims[1] == heads.y.count
          && received.dims[2] == heads.k.rows, "what keys receive is a number for each head's keys")
    }
    guard node.has(3) else { return }
    let mask = node.input(3)
    try node.require(mask.rank >= 1 && mask.rank <= 4, "a mask has one to four axes")
    let sizes = [heads.y.batch, heads.y.count, heads.y.rows, heads.k.rows]
    for axis in 0..<4 {
      let size = mask.aligned(axis, rank: 4)
      guard size == sizes[axis] || size == 1 && axis < 3 else {
        throw node.corrupt("axis %0 of a mask has size %1, not %2", axis, size, sizes[axis])
      }
    }
  }

  /// An operand as heads of rows.
  private struct Operand {
    var batch: Int
    var count: Int
    var rows: Int
    var size: Int
    let isHeadsFirst: Bool

    init(_ tensor: TensorView, headsFirst: Bool) {
      isHeadsFirst = headsFirst
      batch = tensor.dims[0]
      count = tensor.dims[headsFirst ? 1 : 2]
      rows = tensor.dims[headsFirst ? 2 : 1]
      size = tensor.dims[3]
    }

    /// Elements from a row to the next of its head.
    var stride: Int { isHeadsFirst ? size : size &* count }

    /// The first element of a head; heads of a batch follow those of the one before.
    func start(_ head: Int) -> Int {
      isHeadsFirst
        ? head &* rows &* size : (head / count &* rows &* count &+ head % count) &* size
    }
  }

  private struct Heads {
    var q: Operand
    var k: Operand
    var v: Operand
    var y: Operand
    var description = edge_attention()

    init(_ node: NodeView) {
      let parameters = node.parameters(as: AttentionParameters.self)
      func operand(_ tensor: TensorView, _ bit: Int32) -> Operand {
        Operand(tensor, headsFirst: parameters.headsFirst >> bit & 1 != 0)
      }
      q = operand(node.input(0), 0)
      k = operand(node.input(1), 1)
      v = operand(node.input(2), 2)
      y = operand(node.output(), 3)
      description.rows = Int32(truncatingIfNeeded: q.rows)
      description.keys = Int32(truncatingIfNeeded: k.rows)
      description.size = Int32(truncatingIfNeeded: q.size)
      description.value_size = Int32(truncatingIfNeeded: v.size)
      description.q_row = Int64(q.stride)
      description.k_row = Int64(k.stride)
      description.v_row = Int64(v.stride)
      description.y_row = Int64(y.stride)
      description.mask_row = node.has(3) ? Int64(node.input(3).broadcastStride(2, rank: 4)) : 0
      description.scale = parameters.scale
      description.is_s8 = parameters.isInt8
    }
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    guard node.output().count > 0 else { return 0 }
    var heads = Heads(node)
    return Int(edge_attention_scratch(&heads.description))
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    guard node.output().count > 0 else { return }
    let heads = Heads(node)
    let work = heads.y.count &* heads.y.batch &* heads.q.rows &* heads.k.rows
    context.split(
      node, units: heads.y.batch &* heads.y.count,
      elements: work &* (heads.q.size &+ heads.v.size)
        / ConvolutionOperands.multiplicationsPerElement
    ) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      var heads = Heads(node)
      for head in part.begin..<part.end {
        var mask: UnsafePointer<Float>?
        if node.has(3) {
          let tensor = node.input(3)
          mask = UnsafePointer(
            tensor.float + head / heads.y.count &* tensor.broadcastStride(0, rank: 4)
              + head % heads.y.count &* tensor.broadcastStride(1, rank: 4))
        }
        edge_attention_head(
          part.kernels, &heads.description, node.input(0).float + heads.q.start(head),
          node.input(1).float + heads.k.start(head), node.input(2).float + heads.v.start(head),
          mask, node.output().float + heads.y.start(head),
          node.outputCount == 2 ? node.output(1).float + head &* heads.k.rows : nil, part.scratch)
      }
    }
  }
}
