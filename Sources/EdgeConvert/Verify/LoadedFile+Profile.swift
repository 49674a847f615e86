import EdgeRuntime

extension LoadedFile {
  /// What one node of the plan took.
  struct NodeTime {
    var name: String
    /// Of the runtime's kernel on this machine; nil for nodes that need none.
    var kernel: String?
    var microseconds: Double

    /// Both nodes together, named by the kernel of the longer one.
    func joined(with other: NodeTime) -> NodeTime {
      var sum = other.microseconds > microseconds ? other : self
      sum.microseconds = microseconds + other.microseconds
      return sum
    }
  }

  /// The shortest of `runs` times of every node, on one thread of this machine.
  func profile(_ sample: LoadedSample, runs: Int) throws -> [NodeTime] {
    guard let inputs = sample.runs.first else { return [] }
    var best = [UInt64](repeating: .max, count: model.nodeCount)
    for _ in 0..<runs {
      setProfiling(true)
      _ = try run(inputs, name: sample.path)
      for node in best.indices { best[node] = Swift.min(best[node], profileTime(node)) }
    }
    setProfiling(false)
    return best.indices.map { node in
      NodeTime(
        name: String(cString: model.name(model.nodeRecord(node).name)), kernel: kernelName(node),
        microseconds: Double(best[node]) / 1000)
    }
  }
}
