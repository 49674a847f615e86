extension Passes {
  /// A zero Pad of spatial axes goes into the pads of the Conv, AveragePool (counting padding) or
  /// MaxPool (over values that are never negative) that reads it.
  static let foldPad: @Sendable (Graph) throws -> Graph? = { graph in
    var sweep = Rewriter(graph)
    for position in sweep.positions where sweep.isFresh(position) && sweep[position].op == "Pad" {
      let pad = sweep[position]
      guard let reader = sweep.soleReader(of: pad.output(0)),
        sweep[reader].input(0) == pad.output(0),
        let source = pad.input(0), let shape = graph[source].shape,
        let form = try? PadForm(pad, graph),
        form.mode == .constant, form.value?.scalar ?? 0 == 0, shape.count > 2,
        (form.before.prefix(2) + form.after.prefix(2)).allSatisfy({ $0 == 0 }),
        (form.before + form.after).allSatisfy({ $0 >= 0 })
      else { continue }
      var node = sweep[reader]
      let rank = shape.count - 2
      let own = node.ints("pads") ?? Array(repeating: 0, count: 2 * rank)
      guard own.count == 2 * rank,
        ["NOTSET", "VALID"].contains(node.string("auto_pad") ?? "NOTSET")
      else { continue }
      switch node.op {
      case "Conv": break
      case "AveragePool":
        guard own.allSatisfy({ $0 == 0 }) || node.int("count_include_pad", 0) == 1,
          node.int("ceil_mode", 0) == 0
        else { continue }
        node.attributes["count_include_pad"] = .int(1)
      case "MaxPool":
        guard isNonNegative(source, graph, sweep), node.int("ceil_mode", 0) == 0,
          let kernel = node.ints("kernel_shape"), kernel.count == rank,
          (0..<rank).allSatisfy({ max(form.before[$0 + 2], form.after[$0 + 2]) < kernel[$0] })
        else { continue }
      default: continue
      }
      let added = form.before.dropFirst(2) + form.after.dropFirst(2)
      node.attributes["pads"] = .ints(zip(own, added).map { Int64($0 + $1) })
      node.attributes["auto_pad"] = nil
      node.inputs[0] = source
      node.absorb(pad)
      sweep.replace(reader, by: node)
      sweep.remove(position)
    }
    return sweep.finish()
  }

  private static func isNonNegative(_ value: ValueID, _ graph: Graph, _ sweep: Rewriter) -> Bool {
    guard let position = sweep.producer(of: value) else { return false }
    let node = sweep[position]
    switch node.op {
    case "Relu", "Sigmoid", "HardSigmoid", "Abs", "Exp", "Softmax", "Softplus": return true
    case "Clip": return (try? ClipRange(node, graph)).map { $0.low >= 0 } ?? false
    case "Conv", "ConvTranspose", "Gemm":
      let epilogue = Epilogue(node)
      guard case .clamp(let low, _) = epilogue.activation else { return false }
      return low >= 0 && (epilogue.residual == nil || epilogue.residualFirst)
    default: return false
    }
  }
}
