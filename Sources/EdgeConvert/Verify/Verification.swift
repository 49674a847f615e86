import Foundation

/// `edgeconv verify`: the float model against a file, on one data set.
public struct Verification {
  /// What the comparison gives.
  public struct Result: Codable, Sendable {
    public var source: String
    public var file: String
    public var data: String
    public var accuracy: AccuracyComparison

    /// The comparison in a few lines.
    public func summary(layers count: Int) -> String {
      (["\(file) against \(source), \(accuracy.samples) samples"] + accuracy.lines).joined(separator: "\n")
    }
  }

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
    let graph = try Conversion.prepared(source)
    let loaded = try LoadedFile(path: file)
    let set = try DataSet(
      data, inputs: loaded.inputDescriptions, preprocessing: try loaded.preprocessing(), limit: samples, seed: seed)
    let accuracy = try Verifier(graph: graph, data: set).compare(loaded) {
      progress(.validating, $0, set.count)
    }
    return Result(source: source, file: file, data: data, accuracy: accuracy)
  }
}
