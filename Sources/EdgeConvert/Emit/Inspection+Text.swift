import Foundation

extension Inspection {
  /// The whole inspection as lines for a terminal.
  public var text: String {
    (summary + interfaceLines + nodeLines + sectionLines + metadataLines).joined(separator: "\n")
  }

  private var summary: [String] {
    let over =
      arenaLowerBound == 0
      ? 0 : Double(arenaBytes - arenaLowerBound) / Double(arenaLowerBound) * 100
    return [
      "edge file \(version), \(fileBytes) bytes",
      "digest   \(digest) \(digestMatches ? "matches" : "DOES NOT MATCH the content")",
      "arena    \(arenaBytes) bytes, lower bound \(arenaLowerBound) (+\(String(format: "%.1f", over)) %)",
      "state    \(stateBytes) bytes",
      "scratch  \(scratchBytes) bytes a thread",
      "session  \(sessionBytes) bytes with one thread",
    ]
  }

  private var interfaceLines: [String] {
    let bounds = symbols.sorted { $0.key < $1.key }.map { "  \($0.key) <= \($0.value)" }
    return ["", "inputs"] + inputs.map { "  " + line($0) } + ["outputs"]
      + outputs.map { "  " + line($0) } + stateLines
      + (bounds.isEmpty ? [] : ["run-time sizes"] + bounds)
  }

  private var stateLines: [String] {
    let states = tensors.indices.filter { tensors[$0].isState }
    return (states.isEmpty ? [] : ["states"])
      + states.map { "  \(line($0)), \(tensors[$0].bytes) bytes" }
  }

  private var nodeLines: [String] {
    let lines = nodes.enumerated().flatMap { index, node -> [String] in
      let head = "  \(index)  \(node.operation)  \(node.name)"
      let reads = node.inputs.map { $0.map { "       <- " + line($0) } ?? "       <- -" }
      return [head] + reads + node.outputs.map { "       -> " + line($0) }
    }
    return ["", "\(nodes.count) nodes"] + lines
  }

  private var sectionLines: [String] {
    ["", "sections"]
      + sections.map { "  \($0.kind): \($0.bytes) bytes at \($0.offset), \($0.records) records" }
  }

  private var metadataLines: [String] {
    metadata.isEmpty
      ? []
      : ["", "metadata"] + metadata.sorted { $0.key < $1.key }.map { "  \($0.key) = \($0.value)" }
  }

  private func line(_ index: Int) -> String {
    guard tensors.indices.contains(index) else { return "tensor \(index)" }
    let tensor = tensors[index]
    let dims = tensor.dims.enumerated().map { axis, size in
      tensor.dynamicAxes.contains(axis) ? "<=\(size)" : "\(size)"
    }
    var text = "\(tensor.name) \(tensor.type)[\(dims.joined(separator: ", "))]"
    if let scale = tensor.scale { text += " scale \(scale) zero \(tensor.zeroPoint ?? 0)" }
    return text + " \(tensor.storage)+\(tensor.offset)"
  }
}
