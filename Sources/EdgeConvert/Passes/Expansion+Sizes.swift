import EdgeFormat

/// A size in a shape that a body writes: a number times the sizes of axes of values.
struct Extent {
  private(set) var factor: Int
  private(set) var axes: [(value: ValueID, axis: Int)] = []

  /// A size known at conversion.
  static func fixed(_ size: Int) -> Extent { Extent(factor: size) }

  /// The size of an axis, times a number.
  static func axis(_ axis: Int, of value: ValueID, times factor: Int = 1) -> Extent {
    Extent(factor: factor, axes: [(value, axis)])
  }

  /// The product of the sizes of neighbouring axes.
  static func axes(_ axes: Range<Int>, of value: ValueID) -> Extent {
    Extent(factor: 1, axes: axes.map { (value, $0) })
  }

  static func * (a: Extent, b: Extent) -> Extent {
    Extent(factor: a.factor * b.factor, axes: a.axes + b.axes)
  }
}

extension Expansion {
  /// The size as inference knows it.
  func dimension(_ extent: Extent) throws -> Dimension {
    try extent.axes.reduce(Dimension(extent.factor)) { try $0 * size($1.axis, of: $1.value) }
  }

  /// The size of one axis of a value.
  /// - Throws: `ConversionError.invalid` when it has no such axis.
  func size(_ axis: Int, of id: ValueID) throws -> Dimension {
    let shape = try shape(id)
    guard shape.indices.contains(axis) else {
      throw node.invalid("an operand has \(shape.count) axes, and not an axis \(axis)")
    }
    return shape[axis]
  }

  /// Throws `ConversionError.invalid` unless a value has so many axes.
  func expectRank(_ rank: Int, of id: ValueID) throws {
    let own = try shape(id).count
    guard own == rank else { throw node.invalid("an operand has \(own) axes, not \(rank)") }
  }

  /// An int64 list of sizes: constants, or what Shape nodes give at run time.
  mutating func sizeList(_ extents: [Extent]) throws -> ValueID {
    let known = try extents.compactMap { try dimension($0).constant }
    if known.count == extents.count { return constant(ints: known) }
    let sizes = try extents.map { try size($0) }
    return sizes.count == 1 ? sizes[0] : try apply("Concat", sizes, ["axis": .int(0)])
  }

  /// One size, as an int64 list of one.
  private mutating func size(_ extent: Extent) throws -> ValueID {
    if let known = try dimension(extent).constant { return constant(ints: [known]) }
    let sizes = try extent.axes.map { value, axis in
      try apply("Shape", [value], ["start": .int(Int64(axis)), "end": .int(Int64(axis + 1))])
    }
    let factors = (extent.factor == 1 ? [] : [constant(ints: [extent.factor])]) + sizes
    return try factors.dropFirst().reduce(factors[0]) { try apply("Mul", [$0, $1]) }
  }

  /// The same elements under another shape.
  mutating func reshape(_ x: ValueID, _ extents: [Extent]) throws -> ValueID {
    if try extents.map({ try dimension($0) }) == shape(x) { return x }
    return try apply("Reshape", [x, sizeList(extents)], ["allowzero": .int(1)])
  }

  /// The same elements under the shape of another value.
  mutating func reshape(_ x: ValueID, like other: ValueID) throws -> ValueID {
    try reshape(x, shape(other).indices.map { .axis($0, of: other) })
  }

  /// Axes in another order.
  mutating func transpose(_ x: ValueID, _ order: [Int]) throws -> ValueID {
    if order == Array(order.indices) { return x }
    return try apply("Transpose", [x], ["perm": .ints(order.map { Int64($0) })])
  }

  /// A parameter per channel, `[C]`, for axis 1 of a value of this rank: `[C, 1, ...]`.
  mutating func perChannel(_ parameter: ValueID, rank: Int) throws -> ValueID {
    let ones = [Extent](repeating: .fixed(1), count: max(rank - 2, 0))
    return try reshape(parameter, [.axis(0, of: parameter)] + ones)
  }

  /// x * scale + shift; either may be absent.
  mutating func affine(_ x: ValueID, _ scale: ValueID?, _ shift: ValueID?) throws -> ValueID {
    var y = x
    if let scale { y = try apply("Mul", [y, scale]) }
    if let shift { y = try apply("Add", [y, shift]) }
    return y
  }
}
