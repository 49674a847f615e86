import EdgeFormat

extension Lowering {
  /// Pad with constant amounts; negative amounts slice first.
  static func pad(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let (before, after) = try lowering.padAmounts(node, rank: shape.count)
    guard let mode = padModes[node.string("mode") ?? "constant"] else {
      throw lowering.unsupported(
        node, "mode '\(node.string("mode") ?? "")'", remedy: "constant, reflect, edge or wrap")
    }
    let x = try lowering.operand(source, lowering.moved(source))
    var inner = x.tensor
    if before.contains(where: { $0 < 0 }) || after.contains(where: { $0 < 0 }) {
      var cut = lowering[x.tensor]
      cut.alias = nil
      cut.dims = x.order.map { shape[$0] + Dimension(min(before[$0], 0) + min(after[$0], 0)) }
      inner = lowering.add(cut)
      lowering.emitSlice(x.tensor, inner, x.order.map { (max(-before[$0], 0), 1) })
    }
    let y = try lowering.result(like: x.tensor, target, order: x.order)
    var parameters = PadParameters()
    parameters.mode = mode.rawValue
    parameters.value = try lowering.padValue(node, lowering[x.tensor])
    withUnsafeMutableBytes(of: &parameters.before) { bytes in
      for (axis, from) in x.order.enumerated() {
        bytes.storeBytes(of: Int32(max(before[from], 0)), toByteOffset: axis * 4, as: Int32.self)
      }
    }
    lowering.emit(.pad, [inner], [y.tensor], parameters)
    lowering.define(target, as: y)
  }

  private static let padModes: [String: PadMode] = [
    "constant": .constant, "reflect": .reflect, "edge": .edge, "wrap": .wrap,
  ]

  private func padAmounts(_ node: Node, rank: Int) throws -> (before: [Int], after: [Int]) {
    let pads = try node.ints("pads") ?? graph.integers(node, 1, "pads")
    let listed = node.input(3) == nil ? Array(0..<rank) : try graph.integers(node, 3, "axes")
    guard pads.count == 2 * listed.count else {
      throw ConversionError.invalid(
        "node '\(node.name)' (Pad) has \(pads.count) pads for \(listed.count) axes; two an axis are needed"
      )
    }
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, raw) in listed.enumerated() {
      let axis = try EdgeConvert.axis(raw, rank: rank, node)
      before[axis] = pads[index]
      after[axis] = pads[index + listed.count]
    }
    return (before, after)
  }

  /// The bits of the fill value in the stored type.
  private func padValue(_ node: Node, _ tensor: PlanTensor) throws -> Int32 {
    let constant = try constantInput(node, 2)
    let real = constant?.floats.first ?? node.float("value") ?? 0
    if let affine = tensor.affine { return affine.quantized(Double(real)) }
    if tensor.type == .float32 { return Int32(bitPattern: real.bitPattern) }
    return Int32(truncatingIfNeeded: constant?.integers.first ?? Int64(real))
  }
}
