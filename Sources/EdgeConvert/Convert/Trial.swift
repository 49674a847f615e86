/// Compares candidate quantizations on a few calibration samples, with the file that each would
/// become.
struct Trial {
  private let graph: Graph
  private let bounds: [String: Int]
  private let evaluator: Evaluator
  private(set) var samples: [LoadedSample] = []
  /// By sample and run.
  private var references: [[[Tensor]]] = []
  /// Runs of all samples together; where these are streams, the beginning of each counts.
  private static let runLimit = 2048

  /// Computes the references of at most `limit` samples, spread over the data.
  init(graph: Graph, data: DataSet, limit: Int, bounds: [String: Int]) throws {
    self.graph = graph
    self.bounds = bounds
    evaluator = try Evaluator(graph)
    let count = Swift.min(limit, data.count)
    for index in 0..<count {
      var sample = try data.sample(index * data.count / count)
      sample.runs = Array(sample.runs.prefix(Swift.max(1, Trial.runLimit / count)))
      samples.append(sample)
      references.append(try evaluator.run(sample))
    }
  }

  /// Noise over signal of the outputs of the file that the decisions give, averaged over outputs.
  func noise(_ decided: Conversion.Decided) throws -> Double {
    var sum = OutputNoise(outputs: graph.outputs.count)
    try run(decided) { index, found in sum.add(references[index], found) }
    return sum.value
  }

  /// The same between the files of two decisions, the first being the reference.
  func noise(_ reference: Conversion.Decided, _ other: Conversion.Decided) throws -> Double {
    var expected: [[[Tensor]]] = []
    try run(reference) { expected.append($1) }
    var sum = OutputNoise(outputs: graph.outputs.count)
    try run(other) { sum.add(expected[$0], $1) }
    return sum.value
  }

  /// Runs the file of some decisions on every sample.
  private func run(
    _ decided: Conversion.Decided, _ body: (Int, [[Tensor]]) -> Void
  ) throws {
    let emitted = try makeFile(
      graph: decided.graph, quantization: decided.choices.quantization, bounds: bounds, metadata: []
    )
    let file = try LoadedFile(emitted.bytes, name: "candidate")
    for (index, sample) in samples.enumerated() {
      body(index, try file.run(sample).map { $0.map(\.tensor) })
    }
  }

  /// Largest magnitudes of some values in the float model by their last axis.
  func peaks(_ values: Set<ValueID>) throws -> [ValueID: [Float]] {
    var peaks: [ValueID: [Float]] = [:]
    for sample in samples {
      _ = try evaluator.run(sample) { id, tensor in
        guard values.contains(id), let channels = tensor.shape.last, channels > 0 else { return }
        var most = peaks[id] ?? Array(repeating: 0, count: channels)
        for (index, x) in tensor.floats.enumerated() {
          most[index % channels] = Swift.max(most[index % channels], abs(x))
        }
        peaks[id] = most
      }
    }
    return peaks
  }

  /// Sizes of the channels of some values in the float model.
  func channelStatistics(_ values: [ValueID]) throws -> [ValueID: ChannelStatistics] {
    let wanted = Set(values)
    var statistics: [ValueID: ChannelStatistics] = [:]
    for sample in samples {
      _ = try evaluator.run(sample) { id, tensor in
        if wanted.contains(id) { statistics[id, default: ChannelStatistics()].add(tensor) }
      }
    }
    return statistics
  }
}

/// Noise over signal of a model's outputs, averaged over outputs.
struct OutputNoise {
  private var signal: [Double]
  private var noise: [Double]

  init(outputs count: Int) {
    signal = Array(repeating: 0, count: count)
    noise = signal
  }

  /// Takes in the runs of one sample.
  mutating func add(_ references: [[Tensor]], _ found: [[Tensor]]) {
    for (reference, found) in zip(references, found) {
      for (position, tensor) in found.enumerated() {
        if case .integer(let values) = reference[position].elements {
          // Indices and classes have no size: what counts is how many differ.
          signal[position] += Double(values.count)
          noise[position] += Double(zip(values, tensor.integers).count { $0 != $1 })
          continue
        }
        for (x, y) in zip(reference[position].floats, tensor.floats) {
          let difference = distance(Double(x), Double(y))
          if x.isFinite { signal[position] += Double(x) * Double(x) }
          noise[position] += difference * difference
        }
      }
    }
  }

  var value: Double {
    let parts = zip(noise, signal).map { $0.isInfinite ? $0 : $1 > 0 ? $0 / $1 : 0 }
    return parts.reduce(0, +) / Double(Swift.max(parts.count, 1))
  }
}
