import EdgeFormat

/// A size in a shape that a body writes: a number, or that of an axis of a value, times a number.
struct Extent {
  var factor: Int
  var source: (value: ValueID, axis: Int)?

  /// A size known at conversion.
  static func fixed(_ size: Int) -> Extent { Extent(factor: size) }

  /// The size of an axis, times a number.
  static func axis(_ axis: Int, of value: ValueID, times factor: Int = 1) -> Extent {
    Extent(factor: factor, source: (value, axis))
  }
}

extension Expansion {
  /// The size as inference knows it.
  func dimension(_ extent: Extent) throws -> Dimension {
    guard let source = extent.source else { return Dimension(extent.factor) }
    return try shape(source.value)[source.axis] * Dimension(extent.factor)
  }

  /// An int64 list of sizes: constants, or what Shape nodes give at run time.
  mutating func sizeList(_ extents: [Extent]) throws -> ValueID {
    let known = try extents.compactMap { try dimension($0).constant }
    if known.count == extents.count { return constant(ints: known) }
    return try apply("Concat", extents.map { try size($0) }, ["axis": .int(0)])
  }

  /// One size, as an int64 list of one.
  private mutating func size(_ extent: Extent) throws -> ValueID {
    guard let (value, axis) = extent.source, try dimension(extent).constant == nil else {
      return constant(ints: [try dimension(extent).constant ?? 0])
    }
    let size = try apply(
      "Shape", [value], ["start": .int(Int64(axis)), "end": .int(Int64(axis + 1))])
    if extent.factor == 1 { return size }
    return try apply("Mul", [size, constant(ints: [extent.factor])])
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
