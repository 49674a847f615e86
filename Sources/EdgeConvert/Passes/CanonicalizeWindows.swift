extension Passes {
  /// Replaces `auto_pad` and `output_shape` by the pads they mean, where the sizes are known.
  static let canonicalizeWindows: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions {
      var node = sweep[position]
      guard ["Conv", "MaxPool", "AveragePool", "LpPool", "ConvTranspose"].contains(node.op),
        node.string("auto_pad") != nil || node.ints("output_shape") != nil,
        let input = graph.operand(node, 0)?.shape, input.count > 2
      else { continue }
      let kernel =
        graph.operand(node, 1)?.shape?.dropFirst(2).compactMap(\.constant)
        ?? node.ints("kernel_shape")
      let spatial = Array(input.dropFirst(2))
      if node.string("auto_pad") ?? "NOTSET" != "NOTSET" || node.ints("output_shape") != nil {
        guard let kernel, let pads = try? solvedPads(&node, spatial, kernel) else { continue }
        node.attributes["pads"] = .ints(pads.map { Int64($0) })
        node.attributes["ceil_mode"] = nil
      }
      node.attributes["auto_pad"] = nil
      node.attributes["output_shape"] = nil
      sweep.replace(position, by: node)
    }
    return sweep.finish()
  }

  private static func solvedPads(_ node: inout Node, _ spatial: [Dimension], _ kernel: [Int]) throws
    -> [Int]?
  {
    let pads: [Dimension]
    if node.op == "ConvTranspose" {
      let form = try TransposedWindow(node, spatial: spatial, kernel: kernel)
      pads = form.before + form.after
      let surplus = form.surplus.compactMap(\.constant)
      guard surplus.count == kernel.count else { return nil }
      node.attributes["output_padding"] = .ints(surplus.map { Int64($0) })
    } else {
      let form = try Window(node, spatial: spatial, kernel: kernel)
      pads = form.before + form.after
    }
    let known = pads.compactMap(\.constant)
    return known.count == pads.count ? known : nil
  }
}
