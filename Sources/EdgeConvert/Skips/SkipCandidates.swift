import EdgeFormat
import EdgeRuntime

/// Blocks of a quantized model that can be skipped, and what takes their place, fitted to what they do.
struct SkipCandidates {
  /// A block that can be skipped.
  struct Candidate {
    var name: String
    var input: ValueID
    var output: ValueID
    /// Of its nodes, over that of the plan.
    var cost: Double
    var map: BlockMap.Fitted?
    var isPositive = false
  }

  private let decided: Conversion.Decided
  private let bounds: [String: Int]

  init(_ decided: Conversion.Decided, bounds: [String: Int]) {
    self.decided = decided
    self.bounds = bounds
  }

  /// Blocks between neighbouring values that all of the run passes through, of one shape.
  func found() throws -> [Candidate] {
    let graph = decided.graph
    let emitted = try makeFile(
      graph: graph, quantization: decided.choices.quantization, bounds: bounds, metadata: [])
    let costs = NodeCost.table(emitted.nodes).map(Double.init)
    let total = costs.reduce(0, +)
    let points = graph.cutPoints().compactMap { value -> (id: ValueID, node: Int)? in
      guard let shape = graph[value].shape, graph[value].type == .float32, shape.count >= 2,
        let node = emitted.values[graph[value].name]?.node
      else { return nil }
      return (value, node)
    }
    return zip(points, points.dropFirst()).compactMap { a, b in
      guard graph[a.id].shape == graph[b.id].shape, a.node < b.node else { return nil }
      return Candidate(
        name: graph[b.id].name, input: a.id, output: b.id,
        cost: costs[a.node + 1...b.node].reduce(0, +) / total)
    }
  }

  // MARK: Fitting

  /// Where a block begins and ends in a file, and what it reads and writes there.
  private struct Place {
    var skip: Int
    var end: Int
    var input: Int
    var output: Int
    var fit: BlockMap
  }

  /// A way to run the candidates, and which of them are fitted to what then goes into them.
  struct FittingRun {
    /// Bit n for the candidate at n.
    var skipped: UInt64
    var fitted: Set<Int>
  }

  /// Gives candidates the maps that take their places best: from what goes into them in some runs to what they give in a
  /// whole one; none where what goes in does as well.
  /// - Parameter samples: how many are looked at.
  func fit(
    _ candidates: inout [Candidate], _ runs: [FittingRun], _ data: DataSet, samples: Int,
    progress: (Int, Int) -> Void
  ) throws {
    let (emitted, file) = try attached(candidates, usesMaps: true).file(
      bounds: bounds, name: "the model with skips")
    var places = places(
      candidates, runs.reduce(into: []) { $0.formUnion($1.fitted) }, emitted, file)
    let count = min(data.count, samples)
    for number in 0..<count {
      let sample = try data.sample(number)
      var results: [Int: [Float]] = [:]
      try file.step(sample.runs[0], name: sample.path) { node, read in
        for (rank, place) in places where node == place.end {
          results[rank] = read(place.output)?.values
        }
      }
      for run in runs {
        var inputs: [Int: [Float]] = [:]
        try file.step(sample.runs[0], name: sample.path, skipped: run.skipped) { node, read in
          for rank in run.fitted {
            if let place = places[rank], node == place.skip {
              inputs[rank] = read(place.input)?.values
            }
          }
        }
        for (rank, x) in inputs {
          if let y = results[rank] { places[rank]?.fit.add(x, y, isHeld: number % 5 == 4) }
        }
      }
      progress(number + 1, count)
    }
    for (rank, place) in places {
      candidates[rank].map = place.fit.fitted()
      candidates[rank].isPositive = place.fit.isPositive
    }
  }

  /// By rank, of those blocks whose ends are stored with their channels last.
  private func places(
    _ candidates: [Candidate], _ ranks: Set<Int>, _ emitted: EmittedFile, _ file: LoadedFile
  ) -> [Int: Place] {
    var places: [Int: Place] = [:]
    for node in 0..<file.model.nodeCount {
      guard let parameters = file.skip(at: node), ranks.contains(Int(parameters.rank)) else {
        continue
      }
      let candidate = candidates[Int(parameters.rank)]
      let graph = decided.graph
      let shape = graph[candidate.input].shape ?? []
      let axis = shape.count == 4 ? 1 : shape.count - 1
      guard let channels = shape[axis].constant, channels <= BlockMap.channelLimit,
        let from = emitted.values[graph[candidate.input].name], from.order.last == axis,
        let to = emitted.values[graph[candidate.output].name], to.order.last == axis
      else { continue }
      places[Int(parameters.rank)] = Place(
        skip: node, end: node + Int(parameters.blockNodes), input: from.tensor, output: to.tensor,
        fit: BlockMap(channels: channels))
    }
    return places
  }

  // MARK: Attaching

  /// The decisions with blocks that can be skipped; the nodes before are as they were.
  /// - Parameters:
  ///   - candidates: in the order of skipping.
  ///   - usesMaps: whether maps take the places of blocks; else what goes in does.
  func attached(_ candidates: [Candidate], usesMaps: Bool) throws -> Conversion.Decided {
    var result = decided
    let producer = decided.graph.producers
    let order = candidates.enumerated().sorted {
      (producer[$0.element.output] ?? 0) < (producer[$1.element.output] ?? 0)
    }
    for (rank, candidate) in order {
      let bypass =
        try usesMaps ? candidate.map.map { try attach($0, candidate, &result) } : nil
      result.graph.skips.append(
        SkippableBlock(
          name: candidate.name, input: candidate.input, output: candidate.output,
          bypass: bypass ?? candidate.input, rank: rank))
    }
    return result
  }

  /// Appends the nodes of a map, in the arithmetic of the block that it stands for.
  private func attach(
    _ map: BlockMap.Fitted, _ candidate: Candidate, _ result: inout Conversion.Decided
  ) throws -> ValueID {
    var graph = result.graph
    let channels = map.bias.count
    let isImage = graph[candidate.input].shape?.count == 4
    let name = "\(candidate.name)/bypass"
    func constant(_ suffix: String, _ values: [Float], _ shape: [Int]) -> ValueID {
      graph.add(Value(name: "\(name)/\(suffix)", Tensor(values, shape: shape)))
    }
    func emit(_ op: String, _ inputs: [ValueID?], _ precision: Precision) -> ValueID {
      let output = graph.add(Value(name: "\(name)/\(op.lowercased())"))
      graph.nodes.append(
        Node(
          name: "\(name)/\(op.lowercased())", op: op, opset: Operator.latestOpset,
          inputs: inputs, outputs: [output]))
      result.choices.quantization.precision.append(precision)
      result.choices.nodes.append(
        PrecisionChoice(precision: precision, reason: "in place of a block that is skipped"))
      return output
    }
    let values = result.choices.quantization.values
    let precision = precision(of: candidate)
    let matrix = Tensor(map.weights, shape: [channels, channels])
    let weights =
      isImage
      ? constant("weights", matrix.permuted([1, 0]).floats, [channels, channels, 1, 1])
      : constant("weights", matrix.floats, matrix.shape)
    var output = emit(
      isImage ? "Conv" : "MatMul",
      [candidate.input, weights, constant("bias", map.bias, [channels])], precision)
    if precision == .int8 {
      result.choices.quantization.values[output] = values[candidate.output]
    } else if candidate.isPositive {
      output = emit("Relu", [output], .float32)
    }
    let obstacles = Inference.run(&graph)
    guard obstacles.isEmpty else { throw ConversionError.obstacles(obstacles) }
    result.graph = graph
    return output
  }

  /// INT8 from codes to codes where both ends have them, codes of rows where the block computes with them.
  private func precision(of candidate: Candidate) -> Precision {
    let quantization = decided.choices.quantization
    if quantization.values[candidate.input] != nil, quantization.values[candidate.output] != nil {
      return .int8
    }
    let graph = decided.graph
    let inside = graph.block(from: candidate.input, to: candidate.output, graph.producers)
    let isByRow = inside.contains { quantization.precision[$0] == .dynamic }
    return isByRow && graph[candidate.input].shape?.count != 4 ? .dynamic : .float32
  }
}
