/// A rewrite that keeps what the graph computes.
public struct Pass: Sendable {
  public let name: String
  /// Whether it waits until no other pass finds anything to do.
  public var isLast = false
  /// The rewritten graph; nil when there is nothing to do.
  public let run: @Sendable (Graph) throws -> Graph?
}

/// All rewrites, and the order in which they serve each other.
public enum Passes {
  /// Shapes and constants first, since patterns need them; then what makes patterns meet
  /// (identities, canonical forms); normalizations before their means count as pools; affine folding before activations, since it needs the bare
  /// producer; residuals before the activation that follows them; what is left of batch
  /// normalizations last.
  public static let list: [Pass] = [
    Pass(name: "expand composites", run: expandComposites),
    Pass(name: "fold constants", run: foldConstants),
    Pass(name: "remove dead nodes", run: removeDead),
    Pass(name: "remove identities", run: removeIdentity),
    Pass(name: "products of rows", run: unflattenProducts),
    Pass(name: "scatters of blocks as concatenations", run: joinScatteredBlocks),
    Pass(name: "split states", run: splitStates),
    Pass(name: "canonical windows", run: canonicalizeWindows),
    Pass(name: "recognize normalizations", run: recognizeNormalizations),
    Pass(name: "recognize attention", run: recognizeAttention),
    Pass(name: "recognize global pools", run: recognizeGlobalPool),
    Pass(name: "recognize gated activations", run: recognizeGates),
    Pass(name: "fold padding", run: foldPad),
    Pass(name: "fold affine functions", run: foldAffine),
    Pass(name: "drop zero biases", run: dropZeroBias),
    Pass(name: "fuse activations", run: fuseActivation),
    Pass(name: "fuse residuals", run: fuseResidual),
    Pass(name: "batch normalizations as convolutions", run: lowerBatchNorm),
    Pass(name: "rewrite forms without a kernel", isLast: true, run: rewriteForms),
  ]

  /// Runs every pass until none finds anything to do; nodes come out in topological order.
  /// - Throws: `ConversionError` when operands contradict each other.
  public static func all(_ graph: Graph) throws -> Graph {
    var graph = graph
    _ = Inference.run(&graph)
    for _ in 0..<64 {
      var changed = false
      for pass in list where !(pass.isLast && changed) {
        guard var next = try pass.run(graph) else { continue }
        _ = Inference.run(&next)
        graph = next
        changed = true
      }
      if !changed { break }
    }
    graph.nodes = try graph.topologicallySorted()
    return graph
  }
}
