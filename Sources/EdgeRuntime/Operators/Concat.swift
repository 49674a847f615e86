import EdgeFormat

/// `concat`: any number of inputs → y along `axis`.
///
/// All of one type and quantization; the other axes are equal. An input that the plan has put where
/// it belongs in y stays: so rows are appended to a state.
enum Concat {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.require(node.inputCount > 0, "concat wants an input")
    try node.expect(inputs: node.inputCount, required: node.inputCount)
    try node.expectParameters(ConcatParameters.self)
    let y = node.output()
    let axis = Int(node.parameters(as: ConcatParameters.self).axis)
    try node.require(axis >= 0 && axis < y.rank, "concat goes along an axis of its output")
    var total = 0
    for position in 0..<node.inputCount {
      let x = node.input(position)
      try node.expectSameForm(x, y)
      try node.expectRank(x, y.rank)
      try node.expectEqual(x, y, axes: 0..<axis)
      try node.expectEqual(x, y, axes: (axis + 1)..<y.rank)
      total += x.dims[axis]
    }
    guard total == y.dims[axis] else {
      throw node.corrupt("concat of %0 elements into %1 on axis %2", total, y.dims[axis], axis)
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    let axis = Int(node.parameters(as: ConcatParameters.self).axis)
    context.split(node, units: y.count(0..<axis), elements: y.count) { pointer, part in
      Concat.copy(pointer.load(as: NodeView.self), part.begin..<part.end)
    }
  }

  /// Copies every input's part of the rows, a row being what lies below one index of the axes
  /// before `axis`.
  private static func copy(_ node: NodeView, _ rows: Range<Int>) {
    let y = node.output()
    let axis = Int(node.parameters(as: ConcatParameters.self).axis)
    let elementBytes = y.type.byteCount
    let rowBytes = y.count(axis..<y.rank) &* elementBytes
    var offset = 0
    for position in 0..<node.inputCount {
      let x = node.input(position)
      let bytes = x.count(axis..<x.rank) &* elementBytes
      for row in rows {
        let target = y.data + (row &* rowBytes &+ offset)
        let source = x.data + row &* bytes
        if source != target { target.copyMemory(from: source, byteCount: bytes) }
      }
      offset &+= bytes
    }
  }
}
