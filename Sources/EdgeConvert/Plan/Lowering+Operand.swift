import EdgeFormat

extension Lowering {
  /// A stored form of a value, made from an existing one when there is none yet.
  ///
  /// It is transposed, quantized, dequantized or requantized, and a constant is computed here and
  /// now. What is inserted is kept for later readers.
  /// - Parameters:
  ///   - value: the value of the graph.
  ///   - representation: of the elements.
  ///   - order: the value's axis at each stored position; nil takes any.
  /// - Throws: `ConversionError` when the value is not computed yet or cannot be represented so.
  mutating func operand(
    _ value: ValueID, _ representation: Representation = .native, order: [Int]? = nil
  ) throws -> Stored {
    if let tensor = graph[value].constant {
      return try constantOperand(value, tensor, representation, order: order)
    }
    if forms[value] == nil, let content = graph[value].symbolic {
      define(value, as: try sizeTensor(value, content))
    }
    guard let existing = forms[value], !existing.isEmpty else {
      throw ConversionError.invalid(
        "value '\(graph[value].name)' is read before it is computed; the graph must be in topological order"
      )
    }
    let shape = try self.shape(of: value)
    let fitting = existing.filter { has($0, representation) }
    if let match = fitting.first(where: { stored in
      order.map { AxisOrder.equivalent(stored.order, $0, shape) } ?? true
    }) {
      return relabel(match, order: order ?? match.order, shape)
    }
    if let source = fitting.first, let order {
      return transposed(source, of: value, to: order, shape)
    }
    var source = existing[0]
    if let order,
      let better = existing.first(where: { AxisOrder.equivalent($0.order, order, shape) })
    {
      source = better
    }
    if let order, !AxisOrder.equivalent(source.order, order, shape) {
      guard case .float = representation else {
        source = try converted(source, of: value, to: representation)
        return transposed(source, of: value, to: order, shape)
      }
      source = transposed(source, of: value, to: order, shape)
    }
    let made = try converted(source, of: value, to: representation)
    return relabel(made, order: order ?? made.order, shape)
  }

  /// Whether a stored form has the asked representation.
  func has(_ stored: Stored, _ representation: Representation) -> Bool {
    let tensor = self[stored.tensor]
    switch representation {
    case .native: return true
    case .float: return tensor.type == .float32
    case .type(let type): return tensor.type == type && tensor.affine == nil
    case .int8(let affine): return tensor.type == .int8 && tensor.affine == affine
    }
  }

  /// The same storage with its axes (those of size 1 moved) in another equivalent order.
  mutating func relabel(_ stored: Stored, order: [Int], _ shape: [Dimension]) -> Stored {
    if stored.order == order { return stored }
    return Stored(view(stored.tensor, dims: order.map { shape[$0] }), order: order)
  }

  private mutating func transposed(
    _ source: Stored, of value: ValueID, to order: [Int], _ shape: [Dimension]
  ) -> Stored {
    let movement = AxisOrder.movement(from: source.order, to: order, shape)
    var tensor = self[source.tensor]
    tensor.alias = nil
    tensor.storage = .arena
    tensor.bytes = []
    tensor.dims = order.map { shape[$0] }
    let result = add(tensor)
    emitTranspose(source.tensor, result, movement)
    let stored = Stored(result, order: order)
    define(value, as: stored)
    return stored
  }

  private mutating func converted(
    _ source: Stored, of value: ValueID, to representation: Representation
  ) throws -> Stored {
    let from = self[source.tensor]
    var tensor = PlanTensor(
      name: from.name, type: .float32, dims: from.dims, affine: nil, storage: .arena)
    switch (representation, from.type) {
    case (.native, _):
      return source
    case (.float, .int8) where from.affine != nil:
      let result = add(tensor)
      emit(.dequantize, [source.tensor], [result])
      return defined(value, Stored(result, order: source.order))
    case (.type(.float32), _):
      return try converted(source, of: value, to: .float)
    case (.type, .int8) where from.affine != nil:
      let plain = try converted(source, of: value, to: .float)
      return try converted(plain, of: value, to: representation)
    case (.type(let type), _):
      tensor.type = type
      let result = add(tensor)
      emit(.cast, [source.tensor], [result])
      return defined(value, Stored(result, order: source.order))
    case (.float, _):
      let result = add(tensor)
      emit(.cast, [source.tensor], [result])
      return defined(value, Stored(result, order: source.order))
    case (.int8(let affine), .float32):
      tensor.type = .int8
      tensor.affine = affine
      let result = add(tensor)
      emit(.quantize, [source.tensor], [result])
      return defined(value, Stored(result, order: source.order))
    case (.int8(let affine), .int8):
      guard let old = from.affine else { break }
      tensor.type = .int8
      tensor.affine = affine
      let result = add(tensor)
      let table = lookupTable(LookupTable.entries(from: old, to: affine) { $0 }, name: from.name)
      emit(.lookup, [source.tensor, table], [result])
      return defined(value, Stored(result, order: source.order))
    case (.int8, _):
      break
    }
    throw ConversionError.invalid(
      "value '\(from.name)' of type \(from.type) cannot be represented as quantized int8")
  }

  /// Says where a result is stored, after a cast to the value's own type when the tensor has
  /// another.
  ///
  /// - Parameters:
  ///   - value: what was computed.
  ///   - stored: not quantized.
  mutating func deliver(_ value: ValueID, _ stored: Stored) throws {
    let type = storedType(of: value)
    guard self[stored.tensor].type != type else { return define(value, as: stored) }
    let result = try self.result(value, type: type, order: stored.order)
    emit(.cast, [stored.tensor], [result.tensor])
    define(value, as: result)
  }

  private mutating func defined(_ value: ValueID, _ stored: Stored) -> Stored {
    define(value, as: stored)
    return stored
  }

  /// A 256-entry table in the weight section.
  mutating func lookupTable(_ entries: [Int8], name: String) -> PlanTensorID {
    constant(entries, type: .int8, name: name + "/table")
  }
}
