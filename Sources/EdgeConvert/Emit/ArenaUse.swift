/// Which part of the arena is in use while each node of a file runs.
struct ArenaUse {
  /// Bytes by node.
  let liveBytes: [Int]

  /// Counts every tensor of the arena from the node that writes it to the last that reads it.
  ///
  /// Inputs count from the start, outputs to the end, tensors that share storage once.
  init(_ file: Inspection) {
    var first = [Int?](repeating: nil, count: file.tensors.count)
    var last = first
    for index in file.inputs { first[index] = 0 }
    for (position, node) in file.nodes.enumerated() {
      for index in node.inputs.compactMap({ $0 }) + node.outputs {
        first[index] = first[index] ?? position
        last[index] = position
      }
    }
    for index in file.outputs { last[index] = file.nodes.count - 1 }
    liveBytes = file.nodes.indices.map { position in
      let live = file.tensors.indices.filter { index in
        guard file.tensors[index].storage == "arena", let from = first[index],
          let to = last[index]
        else { return false }
        return from <= position && position <= to
      }
      return ArenaUse.union(
        live.map { file.tensors[$0].offset..<file.tensors[$0].offset + file.tensors[$0].bytes })
    }
  }

  private static func union(_ ranges: [Range<Int>]) -> Int {
    var end = 0
    var sum = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.upperBound > end {
      sum += range.upperBound - Swift.max(range.lowerBound, end)
      end = range.upperBound
    }
    return sum
  }
}
