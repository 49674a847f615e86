import EdgeFormat

/// Control flow that is decided at conversion: branches whose condition is known, and loops whose
/// trip count is, are replaced by the nodes that they would run.
extension Operator {
  static let controlFlow: [Operator] = [branch, loop, scan]

  /// Most iterations that a loop is unrolled to.
  private static let longestLoop = 1024

  /// condition → the outputs of `then_branch` or `else_branch`.
  /// <https://onnx.ai/onnx/operators/onnx__If.html>
  private static let branch = composite("If", opsets: 1...latestOpset) { node, body in
    guard let condition = body.tensor(try body.required(0))?.integers.first else {
      throw refusal(
        node, "its condition depends on run-time data",
        remedy: "make the condition constant, or compute both branches and choose with Where")
    }
    return try body.inline(subgraph(node, condition != 0 ? "then_branch" : "else_branch"), [])
  }

  /// Runs `body` a known number of times.
  ///
  /// Inputs: trip count, condition (both may be absent), what is carried; outputs: what is carried,
  /// stacked scan outputs. `body` takes the iteration number, the condition and what is carried, and
  /// gives the next condition, what is carried, and a slice of each scan output.
  /// <https://onnx.ai/onnx/operators/onnx__Loop.html>
  private static let loop = composite("Loop", opsets: 1...latestOpset) { node, body in
    let inner = try subgraph(node, "body")
    var carried = try (2..<max(2, node.inputs.count)).map { try body.required($0) }
    guard inner.outputs.count > carried.count else {
      throw node.invalid("has a body of \(inner.outputs.count) outputs for \(carried.count) values")
    }
    var limit = Int.max
    if let trips = body.input(0) {
      guard let count = body.tensor(trips)?.ints.first else {
        throw refusal(
          node, "its trip count depends on run-time data", remedy: "make the trip count constant")
      }
      limit = count
    }
    var condition = body.input(1) ?? body.constant(1, .bool)
    var slices = [[ValueID]](repeating: [], count: inner.outputs.count - 1 - carried.count)
    var iteration = 0
    while iteration < limit {
      guard let goesOn = body.tensor(condition)?.integers.first else {
        throw refusal(
          node, "whether it goes on depends on run-time data",
          remedy: "make its condition a function of the iteration number")
      }
      if goesOn == 0 { break }
      guard iteration < longestLoop else {
        throw refusal(
          node, "it runs more than \(longestLoop) times",
          remedy: "run the body once a call, with what it carries as state")
      }
      let number = body.constant(Tensor([Int64(iteration)], shape: []))
      let results = try body.inline(inner, [number, condition] + carried)
      condition = results[0]
      carried = Array(results[1..<(1 + carried.count)])
      for (index, slice) in results[(1 + carried.count)...].enumerated() {
        slices[index].append(slice)
      }
      iteration += 1
    }
    if iteration == 0, !slices.isEmpty {
      throw refusal(
        node, "it never runs, so that its scan outputs have no shape", remedy: "remove the loop")
    }
    return try carried + slices.map { try stack($0, axis: 0, &body) }
  }

  /// Runs `body` for each slice of the scanned values along their axes.
  ///
  /// Inputs: what is carried, what is scanned; outputs: what is carried, stacked slices. At opset 8
  /// everything has a leading batch axis, and the first input holds sequence lengths.
  /// <https://onnx.ai/onnx/operators/onnx__Scan.html>
  private static let scan = composite("Scan", opsets: 8...latestOpset) { node, body in
    let inner = try subgraph(node, "body")
    let isBatched = node.opset < 9
    guard !isBatched || body.input(0) == nil else {
      throw refusal(node, "sequences of different lengths", remedy: "leave sequence_lens out")
    }
    let operands = try ((isBatched ? 1 : 0)..<node.inputs.count).map { try body.required($0) }
    guard let scannedCount = node.int("num_scan_inputs"),
      scannedCount > 0, scannedCount <= operands.count
    else { throw node.invalid("has no scan inputs") }
    let step = ScanStep(node, inner, carriedCount: operands.count - scannedCount)
    guard isBatched else { return try step.run(operands, &body) }
    let batch = try body.sizes(operands[0]).first ?? 0
    let samples = try (0..<batch).map { sample in
      try step.run(try operands.map { try slice($0, sample, axis: 0, &body) }, &body)
    }
    return try (0..<inner.outputs.count).map { output in
      try stack(samples.map { $0[output] }, axis: 0, &body)
    }
  }

  /// A scan over one sample.
  private struct ScanStep {
    let node: Node
    let inner: Graph
    let carriedCount: Int
    let inputAxes: [Int]
    let outputAxes: [Int]
    let inputDirections: [Int]
    let outputDirections: [Int]

    init(_ node: Node, _ inner: Graph, carriedCount: Int) {
      self.node = node
      self.inner = inner
      self.carriedCount = carriedCount
      inputAxes = node.ints("scan_input_axes") ?? []
      outputAxes = node.ints("scan_output_axes") ?? []
      inputDirections = node.ints("scan_input_directions") ?? node.ints("directions") ?? []
      outputDirections = node.ints("scan_output_directions") ?? []
    }

    func run(_ operands: [ValueID], _ body: inout Expansion) throws -> [ValueID] {
      var carried = Array(operands.prefix(carriedCount))
      let scanned = Array(operands.dropFirst(carriedCount))
      let axes = try scanned.enumerated().map { index, value in
        try axis(entry(inputAxes, index), rank: body.shape(value).count, node)
      }
      let length = try body.sizes(scanned[0])[axes[0]]
      guard length > 0, length <= longestLoop, inner.outputs.count >= carriedCount else {
        throw refusal(
          node, "it runs \(length) times", remedy: "scan over 1 to \(longestLoop) slices")
      }
      var slices = [[ValueID]](repeating: [], count: inner.outputs.count - carriedCount)
      for step in 0..<length {
        let now = try scanned.enumerated().map { index, value in
          let place = entry(inputDirections, index) == 0 ? step : length - 1 - step
          return try slice(value, place, axis: axes[index], &body)
        }
        let results = try body.inline(inner, carried + now)
        carried = Array(results.prefix(carriedCount))
        for (index, value) in results.dropFirst(carriedCount).enumerated() {
          slices[index].append(value)
        }
      }
      return try carried
        + slices.enumerated().map { index, values in
          let isForward = entry(outputDirections, index) == 0
          let rank = try body.shape(values[0]).count + 1
          return try stack(
            isForward ? values : values.reversed(),
            axis: axis(entry(outputAxes, index), rank: rank, node), &body)
        }
    }

    private func entry(_ list: [Int], _ index: Int) -> Int { index < list.count ? list[index] : 0 }
  }

  private static func subgraph(_ node: Node, _ name: String) throws -> Graph {
    guard case .graph(let graph) = node.attributes[name] else {
      throw node.invalid("the subgraph \(name) is missing")
    }
    return graph
  }

  private static func slice(
    _ value: ValueID, _ place: Int, axis: Int, _ body: inout Expansion
  ) throws -> ValueID {
    let index = body.constant(Tensor([Int64(place)], shape: []))
    return try body.apply("Gather", [value, index], ["axis": .int(Int64(axis))])
  }

  private static func stack(
    _ values: [ValueID], axis: Int, _ body: inout Expansion
  ) throws -> ValueID {
    let axes = body.constant(ints: [axis])
    let rows = try values.map { try body.apply("Unsqueeze", [$0, axes]) }
    return try body.apply("Concat", rows, ["axis": .int(Int64(axis))])
  }

  private static func refusal(_ node: Node, _ problem: String, remedy: String) -> ConversionError {
    .obstacles([node.obstacle(problem, remedy: remedy)])
  }
}
