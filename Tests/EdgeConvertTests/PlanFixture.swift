import EdgeFormat

@testable import EdgeConvert

/// Builds small graphs, converts them, and runs the file beside the float reference.
struct PlanFixture {
  var graph = Graph()
  private var random = SplitMix(7)
  private var bounds: [String: Int] = [:]
  private(set) var samples: [String: Tensor] = [:]

  /// An input of symbolic or constant sizes; `sample` are the sizes of the test's data.
  mutating func input(_ name: String, _ shape: [Dimension], sample: [Int]? = nil) -> ValueID {
    let sizes = sample ?? shape.compactMap(\.constant)
    samples[name] = noise(sizes)
    for (size, value) in zip(shape, sizes) where size.constant == nil {
      bounds[size.description] = value + 2
    }
    let id = graph.add(Value(name: name, type: .float32, shape: shape))
    graph.inputs.append(id)
    return id
  }

  mutating func input(_ name: String, _ shape: [Int]) -> ValueID {
    input(name, shape.map { Dimension($0) })
  }

  /// Sets the test's data of an input.
  mutating func set(_ name: String, _ sample: Tensor) { samples[name] = sample }

  /// Numbers in -1...1.
  mutating func noise(_ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    return Tensor((0..<count).map { _ in Float.random(in: -1...1, using: &random) }, shape: shape)
  }

  mutating func constant(_ tensor: Tensor) -> ValueID {
    graph.add(
      Value(
        name: "c\(graph.values.count)", type: tensor.type,
        shape: tensor.shape.map { Dimension($0) },
        constant: tensor))
  }

  mutating func weights(_ shape: [Int]) -> ValueID {
    let tensor = noise(shape)
    return constant(tensor)
  }

  mutating func ints(_ values: [Int]) -> ValueID {
    constant(Tensor(values.map { Int64($0) }, shape: [values.count]))
  }

  mutating func node(
    _ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], opset: Int = 17
  ) -> ValueID {
    nodes(op, inputs, attributes, opset: opset, outputs: 1)[0]
  }

  mutating func nodes(
    _ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:], opset: Int = 17,
    outputs: Int
  ) -> [ValueID] {
    let ids = (0..<outputs).map { _ in graph.add(Value(name: "v\(graph.values.count)")) }
    graph.nodes.append(
      Node(
        name: "\(op)_\(graph.nodes.count)", op: op, opset: opset, inputs: inputs, outputs: ids,
        attributes: attributes))
    return ids
  }

  mutating func output(_ ids: ValueID...) { graph.outputs += ids }

  /// What a conversion and a run of it gave.
  struct Outcome {
    var file: EmittedFile
    var reference: [Tensor]
    var outputs: [LoadedFile.Output]

    /// Largest error of any output over the largest magnitude of its reference.
    var error: Float {
      zip(reference, outputs).map { expected, actual -> Float in
        guard expected.shape == actual.shape, expected.count == actual.values.count else {
          return .infinity
        }
        let range = expected.floats.filter(\.isFinite).reduce(0) { max($0, abs($1)) }
        let worst = zip(expected.floats, actual.values).reduce(0) {
          max($0, Float(distance(Double($1.0), Double($1.1))))
        }
        return range == 0 ? worst : worst / range
      }.max() ?? .infinity
    }

    func count(_ operation: String) -> Int { file.nodes.count { $0.operation == operation } }
  }

  /// Converts to float, or to INT8 with the ranges of the test's data, and runs.
  ///
  /// - Parameter asConverted: with all passes, and in the precisions that the converter assigns; no value has a range.
  mutating func run(
    _ precision: Precision = .float32, asConverted: Bool = false
  ) throws -> Outcome {
    _ = Inference.run(&graph)
    graph = try asConverted ? Passes.all(graph) : Passes.expandComposites(graph) ?? graph
    let obstacles = Inference.run(&graph)
    if !obstacles.isEmpty { throw ConversionError.obstacles(obstacles) }
    var ranges: [ValueID: ClosedRange<Float>] = [:]
    let reference = try Evaluator(graph).run(samples) { id, tensor in
      guard case .float(let values) = tensor.elements,
        let low = values.filter(\.isFinite).min(), let high = values.filter(\.isFinite).max()
      else { return }
      ranges[id] = low...high
    }
    var quantization = Quantization(floatNodes: graph.nodes.count)
    if asConverted {
      let rules = graph.nodes.map { Operator.of($0)?.quantize ?? .float }
      quantization.precision = PrecisionAssignment(
        graph: graph, rules: rules, options: QuantizationOptions()
      ).choices.map(\.precision)
    } else if precision == .int8 {
      quantization.precision = graph.nodes.map { node in
        if let rule = Operator.of(node)?.quantize, case .float = rule { return .float32 }
        return .int8
      }
      quantization.values = ranges.mapValues {
        AffineParameters(low: $0.lowerBound, high: $0.upperBound)
      }
      for (position, node) in graph.nodes.enumerated()
      where quantization.precision[position] == .int8 {
        guard let rule = Operator.of(node)?.quantize, case .passThrough = rule,
          let source = node.input(0), let target = node.output(0)
        else { continue }
        if node.op == "Concat" {
          for case let part? in node.inputs {
            quantization.values[part] = quantization.values[target]
          }
        } else {
          quantization.values[target] = quantization.values[source]
        }
      }
    }
    let file = try makeFile(
      graph: graph, quantization: quantization, bounds: bounds, metadata: [("b", "2"), ("a", "1")])
    let loaded = try LoadedFile(file.bytes, name: "test")
    let inputs = graph.inputs.compactMap { samples[graph[$0].name] }
    return Outcome(file: file, reference: reference, outputs: try loaded.run(inputs, name: "test"))
  }
}
