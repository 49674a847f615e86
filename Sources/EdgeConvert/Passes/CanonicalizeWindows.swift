extension Passes {
  /// Replaces `auto_pad` by the pads it means, where the sizes are known.
  static let canonicalizeWindows: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions {
      var node = sweep[position]
      guard ["Conv", "MaxPool", "AveragePool", "LpPool", "ConvTranspose"].contains(node.op),
        let mode = node.string("auto_pad"), let input = graph.operand(node, 0)?.shape,
        input.count > 2
      else { continue }
      let kernel =
        graph.operand(node, 1)?.shape?.dropFirst(2).compactMap(\.constant)
        ?? node.ints("kernel_shape")
      let spatial = Array(input.dropFirst(2))
      if mode != "NOTSET" {
        guard let kernel, let pads = try? solvedPads(node, spatial, kernel) else { continue }
        node.attributes["pads"] = .ints(pads.map { Int64($0) })
      }
      node.attributes["auto_pad"] = nil
      node.attributes["output_shape"] = nil
      sweep.replace(position, by: node)
    }
    return sweep.finish()
  }

  private static func solvedPads(_ node: Node, _ spatial: [Dimension], _ kernel: [Int]) throws
    -> [Int]?
  {
    let pads: [Dimension]
    if node.op == "ConvTranspose" {
      let form = try TransposedWindow(node, spatial: spatial, kernel: kernel)
      pads = form.before + form.after
    } else {
      let form = try Window(node, spatial: spatial, kernel: kernel)
      pads = form.before + form.after
    }
    let known = pads.compactMap(\.constant)
    return known.count == pads.count ? known : nil
  }
}
