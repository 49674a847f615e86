/// Names by which exporters tell that an output is an input's next value.
enum StateNames {
  /// Pairs of an input and an output whose names belong together, each output once.
  static func candidates(_ graph: Graph) -> [StateBinding.Pair] {
    var free = Set(graph.outputs.map { graph[$0].name })
    return graph.inputs.compactMap { id in
      let name = graph[id].name
      guard let partner = partners(of: name).first(where: free.contains) else { return nil }
      free.remove(partner)
      return StateBinding.Pair(input: name, output: partner)
    }
  }

  /// Words of which one is in the name of a state.
  private static let words = [
    "past", "prev", "state", "cache", "hidden", "cell", "memory", "buffer", "carry",
  ]
  /// Whole names of states.
  private static let names: Set = ["h", "c", "hx", "cx", "h0", "c0", "h_0", "c_0", "h_in", "c_in"]

  /// What replaces a part of the input's name in the output's.
  private static let replacements = [
    ("past_key_values", "present"), ("past", "present"), ("past", "new"), ("past", "next"),
    ("prev", "next"), ("prev", "new"),
  ]
  private static let prefixes = ["new_", "next_", "out_", "output_", "updated_"]
  private static let suffixes = ["_out", "_output", "_new", "_next", "_n", "N", "n", "_1", "Out"]
  /// Endings that count runs.
  private static let endings = [
    ("_in", "_out"), ("_in", ""), ("0", "1"), ("0", "n"), ("0", "N"), ("In", "Out"),
  ]

  /// Names that the next value of an input may have, likeliest first; none for a name that tells of
  /// no state.
  static func partners(of name: String) -> [String] {
    let lower = name.lowercased()
    guard names.contains(lower) || words.contains(where: { lower.contains($0) }) else { return [] }
    var found: [String] = []
    for (old, new) in replacements {
      guard let range = name.firstRange(of: old) else { continue }
      found.append(name.replacing(old, with: new, subrange: range.lowerBound..<name.endIndex))
    }
    for (old, new) in endings where name.hasSuffix(old) {
      found.append(String(name.dropLast(old.count)) + new)
    }
    found += suffixes.map { name + $0 } + prefixes.map { $0 + name }
    return found.filter { $0 != name && !$0.isEmpty }
  }
}
