import Foundation

/// `edgeconv verify`: the float model against a file, on one data set.
public struct Verification {
  /// What the comparison gives.
  public struct Result: Codable, Sendable {
    public var source: String
    public var file: String
    public var data: String
    public var accuracy: AccuracyComparison
    /// Worst first.
    public var layers: [Layer]

    /// The comparison in a few lines.
    public func summary(layers count: Int) -> String {
      var lines = ["\(file) against \(source), \(accuracy.samples) samples"] + accuracy.lines
      if !layers.isEmpty, count > 0 {
        lines.append("worst layers, SQNR of their results in dB, up to a scale per channel:")
      }
      for layer in layers.prefix(count) {
        let sqnr = layer.sqnr.map { String(format: "%6.1f", $0) } ?? " exact"
        lines.append("  \(sqnr)  \(layer.name) (\(layer.op))")
      }
      return lines.joined(separator: "\n")
    }
  }

  /// How far one layer's result is from the reference.
  public struct Layer: Codable, Sendable {
    public var name: String
    public var op: String
    /// In dB; nil when it is exact.
    public var sqnr: Double?
  }

  /// Samples that the layers are compared on.
  static let layerSamples = 8

  private let source: String
  private let file: String
  private let data: String
  private let samples: Int?
  private let seed: UInt64

  /// - Parameters:
  ///   - source: the ONNX model.
  ///   - file: the `.edge` file.
  ///   - data: folder of samples.
  ///   - samples: at most so many, drawn by `seed`.
  public init(source: String, file: String, data: String, samples: Int?, seed: UInt64) {
    self.source = source
    self.file = file
    self.data = data
    self.samples = samples
    self.seed = seed
  }

  /// Compares.
  /// - Throws: `ConversionError` when files cannot be read or do not belong together.
  public func run(progress: (Conversion.Step, Int, Int) -> Void) throws -> Result {
    let loaded = try LoadedFile(path: file)
    let imported = try Import.read(source, fixed: loaded.fixedInterface())
    var bound = try BoundGraph(imported, loaded.states(), bounds: loaded.bounds()).graph
    if case .named(let names) = try loaded.exits() { try bound.bindExits(names) }
    let graph = try Check.prepared(bound)
    let set = try DataSet(
      data, inputs: loaded.inputDescriptions, stateCount: loaded.model.stateCount,
      preprocessing: try loaded.preprocessing(),
      limit: samples, seed: seed)
    let accuracy = try Verifier(graph: graph, data: set).compare(loaded) {
      progress(.validating, $0, set.count)
    }
    var probe = try LayerProbe(graph: graph, file: loaded)
    for index in 0..<Swift.min(set.count, Verification.layerSamples) {
      try probe.add(set.sample(index))
    }
    let sqnr = probe.sqnrUpToScale
    let layers = graph.nodes.compactMap { node -> Layer? in
      guard let output = node.outputs.first.flatMap({ $0 }), let found = sqnr[output] else {
        return nil
      }
      return Layer(name: node.name, op: node.op, sqnr: found)
    }
    return Result(
      source: source, file: file, data: data, accuracy: accuracy,
      layers: layers.sorted { ($0.sqnr ?? .infinity) < ($1.sqnr ?? .infinity) })
  }
}
