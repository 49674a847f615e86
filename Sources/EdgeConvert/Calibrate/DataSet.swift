import EdgeFormat
import EdgeSamples

/// One sample: consecutive runs from a fresh state, one for a model without states.
public struct LoadedSample: Sendable {
  public var path: String
  /// For each run a tensor for every input of the model, in its order.
  public var runs: [[Tensor]]
  /// Index of the right class, where the data say it.
  public var label: Int?
}

/// Samples of a folder or a file, read one at a time in a fixed order.
public struct DataSet: Sendable {
  public let path: String
  private let sources: [SampleSource]
  private let reader: SampleReader
  private let stateCount: Int

  /// Lists the samples.
  /// - Parameters:
  ///   - path: a folder of `.npz` files, or of raw inputs with or without `labels.tsv`; or a text file,
  ///     one sample a line.
  ///   - inputs: what the model takes.
  ///   - stateCount: states that the model keeps from run to run; with any, a sound that is cut into
  ///     frames, or arrays with one more axis in front, are consecutive runs.
  ///   - preprocessing: how raw inputs become tensors.
  ///   - part: which of the samples there are.
  ///   - limit: at most so many of them, drawn by `seed`; nil takes all.
  /// - Throws: `ConversionError.usage` when the folder cannot be read or holds no samples.
  public init(
    _ path: String, inputs: [InputDescription], stateCount: Int = 0, preprocessing: Preprocessing,
    part: Part = .all, limit: Int? = nil, seed: UInt64 = 1
  ) throws {
    self.path = path
    self.stateCount = stateCount
    reader = SampleReader(inputs: inputs, preprocessing: preprocessing)
    let found: [SampleSource]
    do throws(SampleError) {
      found = try reader.sources(path)
    } catch {
      throw ConversionError.usage(error.message)
    }
    let taken = found.enumerated().filter { part.contains($0.offset) }.map(\.element)
    guard !taken.isEmpty else {
      throw ConversionError.usage("\(path): one sample is too few to halve")
    }
    sources = DataSet.chosen(taken, limit: limit, seed: seed)
  }

  /// Samples by their position: what chooses must not be what proves.
  public enum Part: Sendable {
    case all
    case even
    case odd

    func contains(_ position: Int) -> Bool {
      switch self {
      case .all: true
      case .even: position % 2 == 0
      case .odd: position % 2 == 1
      }
    }
  }

  public var count: Int { sources.count }

  /// Reads one sample.
  /// - Throws: `ConversionError.usage` naming the file, what the model takes and what was found.
  public func sample(_ index: Int) throws -> LoadedSample {
    let source = sources[index]
    do throws(SampleError) {
      if stateCount > 0, let runs = try sequence(source) {
        return LoadedSample(path: source.path, runs: runs)
      }
      let sample = try reader.read(source)
      return LoadedSample(
        path: source.path, runs: [sample.tensors.map { Tensor($0) }],
        label: sample.label ?? source.label.flatMap { reader.preprocessing.classIndex($0) })
    } catch {
      throw ConversionError.usage(error.message)
    }
  }

  /// The runs of a sound that is cut into frames, or of arrays with an axis of runs; nil for others.
  private func sequence(_ source: SampleSource) throws(SampleError) -> [[Tensor]]? {
    if let frames = try reader.stream(source) {
      return (0..<frames.count).map { [Tensor(frames[$0].tensor)] }
    }
    return try reader.sequence(source.path).map { runs in runs.map { $0.map { Tensor($0) } } }
  }

  /// Digests of the files or lines, in order.
  public func digests() throws -> [String] {
    try sources.map { source in
      guard let text = source.text else { return try ContentDigest.file(source.path) }
      return DataSet.digest(of: [text])
    }
  }

  /// One digest of many: what provenance names.
  public static func digest(of digests: [String]) -> String {
    var all = ContentDigest()
    for digest in digests { all.update(Array(digest.utf8)) }
    return all.finish()
  }

  /// A sample of the entries without repetition, in their own order.
  private static func chosen(_ sources: [SampleSource], limit: Int?, seed: UInt64)
    -> [SampleSource]
  {
    guard let limit, limit < sources.count else { return sources }
    var random = SplitMix(seed)
    let order = sources.indices.shuffled(using: &random)
    return order.prefix(limit).sorted().map { sources[$0] }
  }
}

extension Tensor {
  /// A tensor as it was read from a file.
  init(_ sample: SampleTensor) {
    self = sample.bytes.withUnsafeBytes { bytes in
      func integers<Element: BinaryInteger & BitwiseCopyable>(_: Element.Type) -> Tensor {
        let values = (0..<sample.elementCount).map {
          Int64(
            bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Element>.size, as: Element.self))
        }
        return Tensor(values, shape: sample.shape, type: sample.elementType)
      }
      return switch sample.elementType {
      case .float32, .float16: Tensor(sample.floats ?? [], shape: sample.shape)
      case .int8: integers(Int8.self)
      case .uint8, .bool: integers(UInt8.self)
      case .int16: integers(Int16.self)
      case .int32: integers(Int32.self)
      case .int64: integers(Int64.self)
      }
    }
  }
}

extension Graph {
  /// What the model takes, with run-time sizes at their bounds.
  /// - Throws: `ConversionError.usage` for an input of unknown size.
  public func inputDescriptions(bounds: [String: Int]) throws -> [InputDescription] {
    try inputs.map { id in
      let value = self[id]
      guard let shape = value.shape, let type = value.type else {
        throw ConversionError.invalid("input '\(value.name)' has no shape or type")
      }
      var dynamicAxes: UInt32 = 0
      let sizes = try shape.enumerated().map { axis, dimension in
        if dimension.constant == nil { dynamicAxes |= 1 << UInt32(axis) }
        guard let size = dimension.evaluated(bounds) else {
          throw ConversionError.usage(
            "input '\(value.name)' has the run-time size \(dimension): give its bound with --bound \(dimension)=N"
          )
        }
        return size
      }
      return InputDescription(
        name: value.name, elementType: type == .float16 ? .float32 : type, isQuantized: false,
        shape: sizes,
        dynamicAxes: dynamicAxes)
    }
  }
}
