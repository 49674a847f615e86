import EdgeFormat

/// Lowers a graph, plans its memory and writes the `.edge` file.
///
/// Equal arguments give equal bytes.
/// - Parameters:
///   - graph: canonical, after every pass, every shape inferred.
///   - quantization: the decisions for this graph.
///   - bounds: largest value of each run-time size; a leading batch axis without one gets 1.
///   - metadata: entries of the metadata section, each key once, in any order.
///   - certificates: of the graph's exits or skips.
/// - Throws: `ConversionError`: every node without a lowering, sizes without a bound, or a
///   contradiction.
public func makeFile(
  graph: Graph, quantization: Quantization, bounds: [String: Int],
  metadata: [(key: String, value: String)], certificates: [CertificateRecord] = []
) throws -> EmittedFile {
  let sizes = try RuntimeSizes(graph: graph, bounds: bounds)
  let plan = try Plan(graph: graph, quantization: quantization, sizes: sizes)
  return try Emitter(plan).emit(metadata: metadata, certificates: certificates)
}
