import EdgeFormat

/// Which keys a query may see, and what is added to their scores.
///
/// Query i stands at position `i + offset` of the keys, where the offset is what precedes the
/// queries: the past's length, or with keys padded to a fixed length the valid ones less the
/// queries. A causal mask ends at the query's own position; windows reach so far to its left and
/// right.
struct AttentionMask {
  /// A bool that broadcasts to the scores; nil when every key may be seen.
  private var allowed: ValueID?
  /// A float mask, as long as the keys.
  private var bias: ValueID?

  init(_ form: AttentionForm, _ body: inout Expansion) throws {
    let keys = try body.sizeList([.axis(2, of: form.key)])
    if let mask = body.input(3) {
      let whole = try Self.lengthened(mask, keys, &body)
      if try body.type(whole) == .bool { allowed = whole } else { bias = whole }
    }
    try limitPositions(form, keys, &body)
    guard let valid = body.input(6) else { return }
    let places = try body.apply(
      "Range", [body.constant(0, .int64), Self.scalar(keys, &body), body.constant(1, .int64)])
    try and(body.apply("Less", [places, Self.perSample(valid, &body)]), &body)
  }

  /// Causal masks and windows.
  private mutating func limitPositions(
    _ form: AttentionForm, _ keys: ValueID, _ body: inout Expansion
  ) throws {
    let node = form.node
    let left = node.int("left_window_size", -1)
    var right = min(node.int("right_window_size", -1), Int(Int32.max))
    if node.int("is_causal", 0) != 0 { right = 0 }
    guard left >= 0 || right >= 0 else { return }
    let zero = body.constant(0, .int64), one = body.constant(1, .int64)
    let rows = try body.sizeList([.axis(2, of: form.query)])
    let places = try body.apply("Range", [zero, Self.scalar(keys, &body), one])
    let own = try body.apply(
      "Unsqueeze",
      [body.apply("Range", [zero, Self.scalar(rows, &body), one]), body.constant(ints: [1])])
    var position = own
    if let past = body.input(4) {
      position = try body.apply("Add", [own, body.sizeList([.axis(2, of: past)])])
    } else if let valid = body.input(6) {
      let offset = try body.apply("Sub", [Self.perSample(valid, &body), rows])
      position = try body.apply("Add", [own, offset])
    }
    if right >= 0 {
      let last = try body.shifted(position, by: right)
      try and(body.apply("LessOrEqual", [places, last]), &body)
    }
    if left >= 0 {
      let first = try body.shifted(position, by: -left)
      try and(body.apply("GreaterOrEqual", [places, first]), &body)
    }
  }

  private mutating func and(_ condition: ValueID, _ body: inout Expansion) throws {
    allowed = try allowed.map { try body.apply("And", [$0, condition]) } ?? condition
  }

  /// The scores with the mask: -infinity for what may not be seen.
  func applied(to scores: ValueID, _ body: inout Expansion) throws -> ValueID {
    let masked = try bias.map { try body.apply("Add", [scores, $0]) } ?? scores
    guard let allowed else { return masked }
    return try body.apply("Where", [allowed, masked, body.constant(-.infinity, body.type(scores))])
  }

  /// 0 in the rows whose query may see nothing, where the softmax has no meaning.
  func withoutBlindRows(_ x: ValueID, _ body: inout Expansion) throws -> ValueID {
    guard let sees = try seeingRows(&body) else { return x }
    return try body.apply("Where", [sees, x, body.constant(0, body.type(x))])
  }

  /// Which rows may see something; nil when all do.
  private func seeingRows(_ body: inout Expansion) throws -> ValueID? {
    let last = body.constant(ints: [-1])
    var sees: ValueID
    if let bias {
      let type = try body.type(bias)
      let open = try allowed.map {
        try body.apply("Where", [$0, bias, body.constant(-.infinity, type)])
      }
      let best = try body.apply("ReduceMax", [open ?? bias, last])
      sees = try body.apply("Greater", [best, body.constant(-.infinity, type)])
    } else if let allowed {
      sees = try body.apply("ReduceMax", [allowed, last])
    } else {
      return nil
    }
    if let known = body.tensor(sees), known.integers.allSatisfy({ $0 != 0 }) { return nil }
    return sees
  }

  /// A mask for fewer keys than there are, which forbids the others.
  private static func lengthened(
    _ mask: ValueID, _ keys: ValueID, _ body: inout Expansion
  ) throws -> ValueID {
    let shape = try body.shape(mask)
    guard let own = shape.last, let all = body.content(keys)?.first, own != all else {
      return mask
    }
    let type = try body.type(mask)
    let missing = try body.apply("Sub", [keys, body.apply("Shape", [mask], ["start": .int(-1)])])
    let pads = try body.apply(
      "Concat", [body.constant(ints: [0]), missing], ["axis": .int(0)])
    let filler =
      type == .bool
      ? body.constant(Tensor([Int64(0)], shape: [], type: .bool)) : body.constant(-.infinity, type)
    return try body.apply("Pad", [mask, pads, filler, body.constant(ints: [-1])])
  }

  /// A number a sample, `[batch]`, for the scores.
  private static func perSample(_ x: ValueID, _ body: inout Expansion) throws -> ValueID {
    let batch = Extent.axis(0, of: x)
    return try body.reshape(x, [batch, .fixed(1), .fixed(1), .fixed(1)])
  }

  private static func scalar(_ x: ValueID, _ body: inout Expansion) throws -> ValueID {
    try body.reshape(x, [])
  }
}

extension Expansion {
  fileprivate mutating func shifted(_ x: ValueID, by distance: Int) throws -> ValueID {
    if distance == 0 { return x }
    return try apply("Add", [x, constant(ints: [distance])])
  }
}
