/// The shape that both shapes repeat up to (ONNX "multidirectional broadcasting").
/// - Throws: `ConversionError.invalid` when two sizes differ and neither is 1.
func broadcastShape(_ shapes: [[Dimension]], _ node: Node) throws -> [Dimension] {
  let rank = shapes.map(\.count).max() ?? 0
  return try (0..<rank).map { axis in
    var size = Dimension(1)
    for shape in shapes {
      let own = axis - (rank - shape.count)
      guard own >= 0, shape[own] != Dimension(1), shape[own] != size else { continue }
      if size == Dimension(1) {
        size = shape[own]
      } else if size.constant != nil, shape[own].constant != nil {
        throw node.invalid(
          "shapes \(shapes.map { "\($0)" }.joined(separator: " and ")) do not broadcast")
      } else if size.constant == nil {
        size = shape[own]
      }
    }
    return size
  }
}

/// As above for shapes that are known.
func broadcastShape(_ shapes: [[Int]], _ node: Node) throws -> [Int] {
  try broadcastShape(shapes.map { $0.map { Dimension($0) } }, node).compactMap(\.constant)
}

/// Elementwise function of two arrays of equal length.
@inline(__always)
func mapPairs<T, R>(_ a: [T], _ b: [T], _ body: (T, T) -> R) -> [R] {
  a.withUnsafeBufferPointer { a in
    b.withUnsafeBufferPointer { b in
      Array(unsafeUninitializedCapacity: a.count) { target, filled in
        for i in 0..<a.count { target.initializeElement(at: i, to: body(a[i], b[i])) }
        filled = a.count
      }
    }
  }
}

/// Elementwise function of an array.
@inline(__always)
func mapElements<T, R>(_ a: [T], _ body: (T) -> R) -> [R] {
  a.withUnsafeBufferPointer { a in
    Array(unsafeUninitializedCapacity: a.count) { target, filled in
      for i in 0..<a.count { target.initializeElement(at: i, to: body(a[i])) }
      filled = a.count
    }
  }
}
