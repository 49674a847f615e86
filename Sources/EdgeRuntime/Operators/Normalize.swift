import CEdgeKernels
import EdgeFormat

/// `normalize` (float): x → y of the same shape, rows of the last axis; scale? and shift? have an
/// element for each of a row's.
enum Normalize {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 3, required: 1)
    try node.expectParameters(NormalizeParameters.self)
    let x = node.input(0), y = node.output()
    try node.expectFloat(x)
    try node.expectAlike(x, y)
    try node.require(x.rank >= 1, "normalize wants an axis")
    for position in 1...2 where node.has(position) {
      let factor = node.input(position)
      try node.expectFloat(factor)
      try node.require(
        factor.count == x.fromLast(0), "normalize has a factor for each element of a row")
    }
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    context.split(node, units: y.count / y.fromLast(0), elements: y.count) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output()
      let parameters = node.parameters(as: NormalizeParameters.self)
      let length = y.fromLast(0)
      var description = edge_normalize(
        n: Int64(length), epsilon: parameters.epsilon, is_centred: parameters.isCentred,
        scale: node.has(1) ? UnsafePointer(node.input(1).float) : nil,
        shift: node.has(2) ? UnsafePointer(node.input(2).float) : nil)
      let first = part.begin &* length
      part.kernels.pointee.normalize_f32(
        &description, x.float + first, y.float + first, Int64(part.count))
    }
  }
}
