import CEdgeKernels
import EdgeFormat

extension Lowering {
  /// The representation in which an operator that only moves elements reads its input: int8 when it
  /// is an INT8 node and the value has parameters, else as it is.
  func moved(_ value: ValueID) -> Representation {
    guard precision == .int8, let affine = affine(of: value) else { return .native }
    return .int8(affine)
  }

  /// Reshape, Flatten, Squeeze, Unsqueeze, Identity: other sizes over the same storage; a
  /// transpose only when the stored order does not survive.
  static func reshape(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let newShape = try lowering.shape(of: target)
    let representation = lowering.moved(source)
    let present = try lowering.operand(source, representation)
    let solved = AxisOrder.reshape(
      shape, order: present.order, to: newShape, bounds: lowering.sizes.bounds)
    let x = try lowering.operand(source, representation, order: solved.input)
    let y = lowering.view(x.tensor, dims: solved.output.map { newShape[$0] })
    lowering.define(target, as: Stored(y, order: solved.output))
  }

  /// Transpose: other names for the same stored axes, no node.
  static func transpose(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let rank = try lowering.shape(of: source).count
    let permutation = node.ints("perm") ?? Array((0..<rank).reversed())
    guard permutation.sorted() == Array(0..<rank) else {
      throw ConversionError.invalid(
        "node '\(node.name)' (Transpose) permutes \(permutation) over rank \(rank)")
    }
    var place = [Int](repeating: 0, count: rank)
    for (position, axis) in permutation.enumerated() { place[axis] = position }
    let x = try lowering.operand(source, lowering.moved(source))
    lowering.define(target, as: Stored(x.tensor, order: x.order.map { place[$0] }))
  }

  /// Cast between stored types; nothing when they are the same.
  static func cast(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let wanted = lowering.storedType(of: target)
    if lowering.storedType(of: source) == wanted { return try reshape(node, &lowering) }
    let isFloat = lowering.storedType(of: source) == .float32
    let x = try lowering.operand(source, isFloat ? .float : .native)
    let y = try lowering.result(target, type: wanted, order: x.order)
    lowering.emit(.cast, [x.tensor], [y.tensor])
    lowering.define(target, as: y)
  }

  /// Range of integers to a limit that depends on run-time sizes: the beginning of a constant list.
  static func range(_ node: Node, _ lowering: inout Lowering) throws {
    let target = try lowering.output(node)
    let start = try lowering.input(node, 0)
    let first = lowering.graph[start].constant?.ints.first
    guard let step = try lowering.constantInput(node, 2)?.ints.first else {
      throw lowering.unsupported(node, "it has no step", remedy: "give all three operands")
    }
    let type = lowering.storedType(of: target)
    var y = try lowering.counting(
      lowering.shape(of: target)[0], start: first ?? 0, step: step, type: type,
      name: node.name + "/list")
    if first == nil {
      let offset = try lowering.operand(start, .type(type))
      y = lowering.arithmetic(EDGE_BINARY_ADD, y, lowering.view(offset.tensor, dims: []))
    }
    lowering.define(target, as: lowering.named(Stored(y, order: [0]), target))
  }

  /// BitCast: the same storage under another type, no node.
  static func bitCast(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let x = try lowering.operand(source, .type(lowering.graph[source].type ?? .float32))
    let y = lowering.view(
      x.tensor, dims: lowering[x.tensor].dims, type: lowering.graph[target].type)
    try lowering.deliver(target, Stored(y, order: x.order))
  }

  /// The element type of a value in the plan when it is not quantized: half floats are float32.
  func storedType(of value: ValueID) -> ElementType {
    let type = graph[value].type ?? .float32
    return type == .float16 ? .float32 : type
  }

  /// Expand: axes of size 1 repeat.
  ///
  /// ConstantOfShape: one number repeats.
  static func expand(_ node: Node, _ lowering: inout Lowering) throws {
    if node.op == "ConstantOfShape" { return try lowering.fill(node) }
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    if try lowering.shape(of: source) == lowering.shape(of: target) {
      return try reshape(node, &lowering)
    }
    let order = try lowering.commonOrder([source], target)
    let x = try lowering.broadcastOperand(source, lowering.moved(source), order: order)
    let y = try lowering.result(like: x, target, order: order)
    lowering.emit(.broadcast, [x], [y.tensor])
    lowering.define(target, as: y)
  }

  /// Tile: every axis becomes a pair, its copies and itself, of which the first repeats.
  static func tile(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let (shape, result) = (try lowering.shape(of: source), try lowering.shape(of: target))
    if shape == result { return try reshape(node, &lowering) }
    guard let repeats = lowering.graph.content(node, 1), repeats.count == shape.count else {
      throw lowering.unsupported(
        node, "the repeats are computed at run time",
        remedy: "make them constant, or a function of input sizes")
    }
    let x = try lowering.operand(
      source, lowering.moved(source), order: lowering.naturalOrder(source))
    let y = try lowering.result(like: x.tensor, target)
    var (before, after): ([Dimension], [Dimension]) = ([], [])
    for (size, copies) in zip(shape, repeats) {
      if copies == Dimension(1), let last = before.last {
        // What follows a repeated axis repeats with it.
        before[before.count - 1] = last * size
        after[after.count - 1] = after[after.count - 1] * size
      } else {
        before += copies == Dimension(1) ? [size] : [Dimension(1), size]
        after += copies == Dimension(1) ? [size] : [copies, size]
      }
    }
    guard after.count <= TensorRecord.maxRank else {
      throw lowering.unsupported(
        node, "\(after.count) axes and repeats", remedy: "repeat at most four axes in one Tile")
    }
    lowering.emit(
      .broadcast, [lowering.view(x.tensor, dims: before)], [lowering.view(y.tensor, dims: after)])
    lowering.define(target, as: y)
  }

  private mutating func fill(_ node: Node) throws {
    let target = try output(node)
    let rank = try shape(of: target).count
    var value = node.tensor("value") ?? Tensor([Float(0)], shape: [1])
    value.shape = Array(repeating: 1, count: rank)
    let x = constant(
      value.bytes, type: value.storedType, dims: value.shape, name: graph[target].name + "/value")
    let y = try result(like: x, target)
    emit(.broadcast, [x], [y.tensor])
    define(target, as: y)
  }

  /// A new arena tensor for a value, of the type and parameters of another tensor.
  mutating func result(like tensor: PlanTensorID, _ value: ValueID, order: [Int]? = nil) throws
    -> Stored
  {
    try result(value, affine: self[tensor].affine, type: self[tensor].type, order: order)
  }
}
