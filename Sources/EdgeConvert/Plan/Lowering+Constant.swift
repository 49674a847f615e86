import EdgeFormat

extension Lowering {
  /// A constant in the asked representation and order, stored once for each.
  mutating func constantOperand(
    _ value: ValueID, _ tensor: Tensor, _ representation: Representation, order: [Int]?
  ) throws -> Stored {
    let order = order ?? Array(tensor.shape.indices)
    let shape = tensor.shape.map { Dimension($0) }
    if let match = forms[value]?.first(where: {
      constantMatches($0, representation) && AxisOrder.equivalent($0.order, order, shape)
    }) {
      return relabel(match, order: order, shape)
    }
    let id = constantTensor(tensor.permuted(order), representation, name: graph[value].name)
    let stored = Stored(id, order: order)
    define(value, as: stored)
    return stored
  }

  /// A tensor of the weight section in a representation.
  mutating func constantTensor(
    _ tensor: Tensor, _ representation: Representation, name: String
  ) -> PlanTensorID {
    switch representation {
    case .int8(let affine):
      let codes = tensor.floats.map { Int8(affine.quantized(Double($0))) }
      let id = constant(codes, type: .int8, dims: tensor.shape, name: name)
      tensors[id.index].affine = affine
      return id
    case .float:
      return constant(tensor.floats, type: .float32, dims: tensor.shape, name: name)
    case .type(let type):
      let cast =
        type == .float32
        ? Tensor(tensor.floats, shape: tensor.shape)
        : Tensor(tensor.integers, shape: tensor.shape, type: type)
      return constant(cast.bytes, type: type, dims: tensor.shape, name: name)
    case .native:
      return constant(tensor.bytes, type: tensor.storedType, dims: tensor.shape, name: name)
    }
  }

  private func constantMatches(_ stored: Stored, _ representation: Representation) -> Bool {
    if case .native = representation { return self[stored.tensor].affine == nil }
    return has(stored, representation)
  }

  /// Parameters for a constant operand of an INT8 node: those decided, else the range of its
  /// content.
  func constantParameters(_ value: ValueID, _ tensor: Tensor) -> AffineParameters {
    if let decided = quantization.values[value] { return decided }
    let values = tensor.floats
    return AffineParameters(low: values.min() ?? 0, high: values.max() ?? 0)
  }
}

extension Tensor {
  /// The type that the runtime stores it in: half floats are computed in float32.
  var storedType: ElementType { type == .float16 ? .float32 : type }

  /// The elements as the runtime reads them, little-endian.
  var bytes: [UInt8] {
    func pack<Element: BitwiseCopyable>(_ values: [Element]) -> [UInt8] {
      values.withUnsafeBytes { Array($0) }
    }
    return switch storedType {
    case .float32, .float16: pack(floats)
    case .int8: pack(integers.map { Int8(truncatingIfNeeded: $0) })
    case .uint8, .bool: pack(integers.map { UInt8(truncatingIfNeeded: $0) })
    case .int16: pack(integers.map { Int16(truncatingIfNeeded: $0) })
    case .int32: pack(integers.map { Int32(truncatingIfNeeded: $0) })
    case .int64: pack(integers)
    }
  }

  /// The tensor with axis `i` of the result taken from axis `order[i]`.
  func permuted(_ order: [Int]) -> Tensor {
    if order == Array(shape.indices) { return self }
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    let sizes = order.map { shape[$0] }
    let steps = order.map { strides[$0] }
    var indices: [Int] = []
    indices.reserveCapacity(count)
    func walk(_ axis: Int, _ base: Int) {
      if axis == sizes.count {
        indices.append(base)
        return
      }
      for i in 0..<sizes[axis] { walk(axis + 1, base + i * steps[axis]) }
    }
    walk(0, 0)
    return switch elements {
    case .float(let values): Tensor(indices.map { values[$0] }, shape: sizes, type: type)
    case .integer(let values): Tensor(indices.map { values[$0] }, shape: sizes, type: type)
    }
  }
}
