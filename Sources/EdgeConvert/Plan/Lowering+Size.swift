import CEdgeKernels
import EdgeFormat

// Tensors whose content follows from run-time sizes: prefixes of constants, as long as the sizes
// say, and elements of them. No operator computes them.
extension Lowering {
  /// Elements of the longest constant that is made to count.
  private static let longestCount = 1 << 20

  /// Numbers from `start` on, `step` apart, as many as a size says: the beginning of a constant.
  mutating func counting(
    _ count: Dimension, start: Int = 0, step: Int = 1, type: ElementType, name: String
  ) throws -> PlanTensorID {
    let bound = try sizes.bound(of: count, in: name)
    guard bound <= Self.longestCount else {
      throw ConversionError.usage(
        "'\(name)' holds run-time sizes up to \(bound); at most \(Self.longestCount) are possible: "
          + "give smaller bounds with --bound")
    }
    let values = (0..<bound).map { Int64(start + $0 * step) }
    let numbers = Tensor(values, shape: [bound], type: type)
    return view(constant(numbers.bytes, type: type, dims: [bound], name: name), dims: [count])
  }

  /// A tensor of the content that inference has found for a value.
  mutating func sizeTensor(_ value: ValueID, _ content: [Dimension]) throws -> Stored {
    let name = graph[value].name
    let type = storedType(of: value)
    let shape = try shape(of: value)
    var parts: [PlanTensorID] = []
    for size in content { parts.append(try element(size, type: type, name: name)) }
    if parts.count != 1 {
      let joined = add(
        PlanTensor(
          name: name, type: type, dims: [Dimension(parts.count)], affine: nil, storage: .arena))
      emitConcat(parts, joined, axis: 0)
      parts = [joined]
    }
    return Stored(view(parts[0], dims: shape), order: Array(shape.indices))
  }

  /// One size as a tensor of one element: the last of as many numbers from 0 on, and one more.
  private mutating func element(_ size: Dimension, type: ElementType, name: String) throws
    -> PlanTensorID
  {
    if let value = size.constant {
      let number = Tensor([Int64(value)], shape: [1], type: type)
      return constant(number.bytes, type: type, dims: [1], name: name)
    }
    let numbers = try counting(size + Dimension(1), type: type, name: name)
    let last = add(
      PlanTensor(name: name, type: type, dims: [Dimension(1)], affine: nil, storage: .arena))
    emitSlice(numbers, last, [(start: -1, step: 1)])
    return last
  }

  /// The numbers from a size on, as many as another says.
  mutating func numbers(_ count: Dimension, from start: Dimension, step: Int, name: String) throws
    -> PlanTensorID
  {
    if let start = start.constant {
      return try counting(count, start: start, step: step, type: .int64, name: name)
    }
    return arithmetic(
      EDGE_BINARY_ADD, try counting(count, step: step, type: .int64, name: name),
      view(try element(start, type: .int64, name: name), dims: []))
  }
}

extension Graph {
  /// Whether all that a node computes is made of sizes, so that nothing has to run.
  func isSizes(_ node: Node) -> Bool {
    node.outputs.contains { $0 != nil }
      && node.outputs.allSatisfy { $0.map { self[$0].symbolic != nil } ?? true }
  }
}
