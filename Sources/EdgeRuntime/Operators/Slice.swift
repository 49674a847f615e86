import EdgeFormat

/// `slice`: y[i] = x[start + i * step] on every axis; the extent is y's shape.
///
/// Any type, steps of either sign.
enum Slice {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(SliceParameters.self)
    let x = node.input(0), y = node.output()
    try node.require(x.type == y.type, "slice keeps the type")
    try node.expectRank(y, x.rank)
    guard y.count > 0 else { return }
    let parameters = node.parameters(as: SliceParameters.self)
    for axis in 0..<x.rank {
      let first = start(parameters, axis, of: x.dims[axis])
      let last = first + (y.dims[axis] - 1) * axisValue(parameters.step, axis)
      let inside = 0..<x.dims[axis]
      guard inside.contains(first), inside.contains(last) else {
        throw node.corrupt(
          "a slice of axis %0 goes from %1 to %2 in %3 elements", axis, first, last, x.dims[axis])
      }
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    let parameters = node.parameters(as: SliceParameters.self)
    let elementBytes = x.type.byteCount
    var first = 0
    for axis in 0..<x.rank {
      first = first &* x.dims[axis] &+ start(parameters, axis, of: x.dims[axis])
    }
    var copy = StridedCopy(
      x: x.data + first &* elementBytes, y: y.data, elementBytes: elementBytes)
    for axis in 0..<y.rank {
      let step = axisValue(parameters.step, axis)
      copy.append(size: y.dims[axis], stride: step &* x.count((axis &+ 1)..<x.rank))
    }
    copy.run(context)
  }

  /// The first element along an axis; a negative start counts from the end.
  private static func start(_ parameters: SliceParameters, _ axis: Int, of size: Int) -> Int {
    let start = axisValue(parameters.start, axis)
    return start < 0 ? start + size : start
  }
}
