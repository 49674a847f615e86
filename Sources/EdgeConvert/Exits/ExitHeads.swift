import EdgeFormat
import EdgeSamples
import Foundation

/// Attaches linear heads to a classifier after it was quantized, and fits them to what the whole model answers.
///
/// A head reads the mean over places of a feature map, or over tokens, or the first token, whichever fits better. Four
/// fifths of the samples fit; the others set each head's temperature, and which of the heads are kept.
struct ExitHeads {
  /// A head being made.
  private struct Head {
    var value: ValueID
    var location: EmittedFile.Location
    var pooling: Pooling
    var cost: Double
    var features: [Float] = []
    var model: SoftmaxRegression?
  }

  private enum Pooling { case places, tokens, first, none }

  /// What came of it.
  struct Outcome {
    var decided: Conversion.Decided
    /// Samples that no head was fitted to.
    var held: [Int]
    var notes: [String]
  }

  private let decided: Conversion.Decided
  private let emitted: EmittedFile
  private let file: LoadedFile
  private let risk: Double
  private let seed: UInt64
  private let classes: Int
  private let isProbability: Bool

  /// Places tried when the number of heads is left to the converter, and most samples that are used.
  private static let places = 5
  private static let sampleLimit = 5000

  /// - Throws: `ConversionError.usage` for a model that is no classifier.
  init(_ decided: Conversion.Decided, bounds: [String: Int], risk: Double, seed: UInt64) throws {
    self.decided = decided
    self.risk = risk
    self.seed = seed
    let graph = decided.graph
    guard graph.states.isEmpty, graph.outputs.count == 1, let output = graph.outputs.first,
      let shape = graph[output].shape, shape.count == 2, let classes = shape[1].constant,
      (2...4096).contains(classes), graph[output].type == .float32
    else {
      throw ConversionError.usage(
        "--exits auto: heads can be fitted to a classifier without states, whose only output is [N, classes]; "
          + "name outputs that are exits instead, or leave it out")
    }
    self.classes = classes
    isProbability =
      graph.nodes.first { $0.outputs.contains(output) }.map { $0.op == "Softmax" } ?? false
    (emitted, file) = try decided.file(bounds: bounds, name: "the model without exits")
  }

  /// Fits and attaches.
  /// - Parameters:
  ///   - count: of heads; nil keeps, of several places, those that save most.
  ///   - data: samples of the kind that the model will see.
  func attached(_ count: Int?, _ data: DataSet, progress: (Int, Int) -> Void) throws -> Outcome {
    var heads = try candidates(count ?? ExitHeads.places)
    let total = min(data.count, ExitHeads.sampleLimit)
    guard total >= 50 else {
      throw ConversionError.usage(
        "--exits: heads cannot be fitted to \(total) samples; give 1000 or more with --calibrate")
    }
    var targets: [Float] = []
    for index in 0..<total {
      try observe(data.sample(index), &heads, &targets)
      progress(index + 1, total)
    }
    let held = (0..<total).filter { $0 % 5 == 4 }
    let fitting = (0..<total).filter { $0 % 5 != 4 }
    for index in heads.indices { fit(&heads[index], targets, total, fitting, held) }
    heads = better(heads, targets, held)
    let chosen = count == nil ? selected(heads, targets, held) : heads
    var notes: [String] = []
    if chosen.isEmpty { notes.append("no exit was attached: no head saves anything") }
    return Outcome(decided: try attach(chosen), held: held, notes: notes)
  }

  // MARK: Places

  /// Heads at about equal steps of cost, one for each way of pooling.
  private func candidates(_ count: Int) throws -> [Head] {
    let table = NodeCost.table(emitted.nodes)
    var spent: [Double] = [0]
    for cost in table { spent.append((spent.last ?? 0) + Double(cost)) }
    let total = spent.last ?? 1
    let graph = decided.graph
    let places = graph.cutPoints().compactMap { value -> Head? in
      guard let shape = graph[value].shape, let location = emitted.values[graph[value].name],
        let node = location.node, graph[value].type == .float32
      else { return nil }
      let channel = shape.count == 4 ? 1 : shape.count - 1
      guard (2...4).contains(shape.count), shape[channel].constant != nil,
        location.order.last == channel
      else { return nil }
      let pooling: Pooling = [2: .none, 3: .tokens, 4: .places][shape.count] ?? .none
      return Head(
        value: value, location: location, pooling: pooling, cost: spent[node + 1] / total)
    }
    guard !places.isEmpty else {
      throw ConversionError.usage(
        "--exits auto: the model has no place between its layers where all that follows depends on one value"
      )
    }
    var heads: [Head] = []
    for step in 1...count {
      let wanted = Double(step) / Double(count + 1)
      guard
        let nearest = places.min(by: { abs($0.cost - wanted) < abs($1.cost - wanted) }),
        !heads.contains(where: { $0.value == nearest.value })
      else { continue }
      heads.append(nearest)
      guard case .tokens = nearest.pooling else { continue }
      heads.append(nearest)
      heads[heads.count - 1].pooling = .first
    }
    return heads
  }

  // MARK: Features

  /// Appends the features of a sample, and what the whole model answers.
  private func observe(_ sample: LoadedSample, _ heads: inout [Head], _ targets: inout [Float])
    throws
  {
    var found = heads
    try file.step(sample.runs[0], name: sample.path) { node, read in
      for index in found.indices where found[index].location.node == node {
        guard let stored = read(found[index].location.tensor) else { continue }
        found[index].features += ExitHeads.pooled(
          stored.values, dimension(found[index]), found[index].pooling)
      }
    }
    heads = found
    let answer = try file.firstOutput().floats
    targets += isProbability ? answer : softmax(answer)
  }

  private func dimension(_ head: Head) -> Int {
    let shape = decided.graph[head.value].shape ?? []
    return shape[shape.count == 4 ? 1 : shape.count - 1].constant ?? 1
  }

  /// Rows of features, channels last, as one.
  private static func pooled(_ values: [Float], _ dimension: Int, _ pooling: Pooling) -> [Float] {
    if case .first = pooling { return Array(values.prefix(dimension)) }
    let rows = max(values.count / dimension, 1)
    var sums = [Float](repeating: 0, count: dimension)
    for (index, value) in values.enumerated() { sums[index % dimension] += value }
    return sums.map { $0 / Float(rows) }
  }

  // MARK: Fitting

  private func samples(_ head: Head, _ targets: [Float], _ count: Int) -> SoftmaxRegression.Samples
  {
    SoftmaxRegression.Samples(
      features: head.features, targets: targets, count: count, dimension: dimension(head),
      classes: classes)
  }

  private func fit(
    _ head: inout Head, _ targets: [Float], _ count: Int, _ fitting: [Int], _ held: [Int]
  ) {
    let all = samples(head, targets, count)
    var model = SoftmaxRegression(all.rows(fitting), seed: seed)
    let apart = all.rows(held)
    model.scale(
      by: 1 / SoftmaxRegression.temperature(model.scores(apart), apart.targets, classes))
    head.model = model
    head.features = apart.features
  }

  /// The better way of pooling at each place, on samples held out.
  private func better(_ heads: [Head], _ targets: [Float], _ held: [Int]) -> [Head] {
    let apart = targetRows(targets, held)
    func loss(_ head: Head) -> Double {
      head.model?.crossEntropy(samples(head, apart, held.count)) ?? .infinity
    }
    return heads.reduce(into: []) { kept, head in
      guard let last = kept.last, last.value == head.value else { return kept.append(head) }
      if loss(head) < loss(last) { kept[kept.count - 1] = head }
    }
  }

  private func targetRows(_ targets: [Float], _ rows: [Int]) -> [Float] {
    rows.flatMap { targets[$0 * classes..<($0 + 1) * classes] }
  }

  // MARK: Choice

  /// The heads, two to four, that save most where answers change on few of the samples held out; none when nothing
  /// is saved.
  private func selected(_ heads: [Head], _ targets: [Float], _ held: [Int]) -> [Head] {
    let apart = targetRows(targets, held)
    let whole = (0..<held.count).map { ExitHeads.top(apart, $0, classes).index }
    let said = heads.map { head -> [(index: Int, p: Float)] in
      guard let scores = head.model?.scores(samples(head, apart, held.count)) else { return [] }
      let rows = (0..<held.count).flatMap {
        softmax(Array(scores[$0 * classes..<($0 + 1) * classes]))
      }
      return (0..<held.count).map { ExitHeads.top(rows, $0, classes) }
    }
    func cost(_ chosen: [Int]) -> Double {
      var least = 1.0
      for threshold in ThresholdGrid(.confidence, exits: chosen.count).spread(100) {
        var (spent, lost) = (0.0, 0)
        for sample in whole.indices {
          let exit = chosen.first { said[$0][sample].p >= threshold }
          spent += exit.map { heads[$0].cost } ?? 1
          if let exit, said[exit][sample].index != whole[sample] { lost += 1 }
        }
        guard Double(lost) <= 0.75 * risk * Double(whole.count) else { break }
        least = min(least, spent / Double(whole.count))
      }
      return least
    }
    let subsets = (1..<1 << heads.count).map { mask in heads.indices.filter { mask >> $0 & 1 == 1 }
    }
    let choices = subsets.filter { $0.count <= 4 }.map { ($0, cost($0) + 0.002 * Double($0.count)) }
    guard let best = choices.min(by: { $0.1 < $1.1 }), best.1 < 0.995 else { return [] }
    return best.0.map { heads[$0] }
  }

  /// The largest element of a row.
  private static func top(_ rows: [Float], _ row: Int, _ classes: Int) -> (index: Int, p: Float) {
    (0..<classes).reduce((0, rows[row * classes])) {
      let value = rows[row * classes + $1]
      return value > $0.1 ? ($1, value) : $0
    }
  }

  // MARK: Attaching

  /// The decisions with heads behind the nodes, in float; the nodes before are as they were.
  private func attach(_ heads: [Head]) throws -> Conversion.Decided {
    var result = decided
    for (index, head) in heads.enumerated() {
      guard let model = head.model else { continue }
      let name = "exit\(index + 1)"
      var graph = result.graph
      func value(_ suffix: String, _ tensor: Tensor? = nil) -> ValueID {
        graph.add(
          tensor.map { Value(name: "\(name)/\(suffix)", $0) } ?? Value(name: "\(name)/\(suffix)"))
      }
      func emit(_ op: String, _ inputs: [ValueID?], _ attributes: [String: Attribute] = [:])
        -> ValueID
      {
        let output = value(op.lowercased())
        graph.nodes.append(
          Node(
            name: "\(name)/\(op.lowercased())", op: op, opset: Operator.latestOpset, inputs: inputs,
            outputs: [output], attributes: attributes))
        return output
      }
      func mean(_ axes: [Int64]) -> ValueID {
        emit(
          "ReduceMean", [head.value, value("axes", Tensor(axes, shape: [axes.count]))],
          ["keepdims": .int(0)])
      }
      let features =
        switch head.pooling {
        case .places: mean([2, 3])
        case .tokens: mean([1])
        case .first:
          emit(
            "Gather", [head.value, value("first", Tensor([0] as [Int64], shape: []))],
            ["axis": .int(1)])
        case .none: head.value
        }
      let weights = Tensor(model.weights, shape: [dimension(head), classes])
      let scores = emit(
        "MatMul",
        [features, value("weights", weights), value("bias", Tensor(model.bias, shape: [classes]))])
      let answer = isProbability ? emit("Softmax", [scores], ["axis": .int(-1)]) : scores
      graph.exits.append(
        EarlyExit(name: decided.graph[head.value].name, scores: scores, answer: answer))
      let obstacles = Inference.run(&graph)
      guard obstacles.isEmpty else { throw ConversionError.obstacles(obstacles) }
      let added = graph.nodes.count - result.graph.nodes.count
      result.graph = graph
      for _ in 0..<added {
        result.choices.quantization.precision.append(.float32)
        result.choices.nodes.append(
          PrecisionChoice(precision: .float32, reason: "head of an early exit"))
      }
    }
    return result
  }
}
