/// Orders of axes: position `i` of a stored tensor is axis `order[i]` of the value.
///
/// Axes of size 1 occupy no storage, so
/// they never tell two orders apart.
enum AxisOrder {
  /// Channels last, for a value `[N, C, ...]`.
  static func channelsLast(_ rank: Int) -> [Int] {
    rank < 2 ? Array(0..<rank) : [0] + Array(2..<rank) + [1]
  }

  /// The axes of a shape that are not known to be 1.
  static func significant(_ order: [Int], _ shape: [Dimension]) -> [Int] {
    order.filter { shape[$0].constant != 1 }
  }

  /// Whether two orders lay a value of this shape out alike.
  static func equivalent(_ a: [Int], _ b: [Int], _ shape: [Dimension]) -> Bool {
    significant(a, shape) == significant(b, shape)
  }

  /// What a row-major reshape means for a stored value.
  struct Reshape: Equatable {
    /// Order that the input must have; equivalent to its present one when the reshape is free.
    var input: [Int]
    /// Order of the output over the same storage.
    var output: [Int]
  }

  /// Solves a reshape.
  ///
  /// Axes are matched in the smallest groups of equal size, and a stored order survives when each
  /// group of several input axes lies together in storage and in sequence. Else the input needs a
  /// reordering that brings them together: groups keep the sequence in which they last appear when
  /// that leaves the innermost axis where it is, so that rows move whole, else in which they first
  /// appear.
  static func reshape(
    _ shape: [Dimension], order: [Int], to target: [Dimension], bounds: [String: Int]
  ) -> Reshape {
    let natural = Reshape(input: Array(shape.indices), output: Array(target.indices))
    guard let groups = groups(shape, target, bounds) else { return natural }
    var groupOfAxis: [Int: Int] = [:]
    for (index, group) in groups.enumerated() {
      for axis in group.inputs { groupOfAxis[axis] = index }
    }
    let stored = significant(order, shape)
    let innermost = stored.last
    let keepsRows = groups.contains { $0.inputs.last == innermost }
    var sequence: [Int] = []
    for axis in stored {
      guard let group = groupOfAxis[axis] else { return natural }
      if keepsRows { sequence.removeAll { $0 == group } }
      if !sequence.contains(group) { sequence.append(group) }
    }
    let needed = sequence.flatMap { groups[$0].inputs }
    let output = sequence.flatMap { groups[$0].outputs }
    let units = shape.indices.filter { !needed.contains($0) }
    let outputUnits = target.indices.filter { !output.contains($0) }
    return Reshape(input: units + needed, output: outputUnits + output)
  }

  private struct Group {
    var inputs: [Int]
    var outputs: [Int]
  }

  private static func groups(
    _ shape: [Dimension], _ target: [Dimension], _ bounds: [String: Int]
  ) -> [Group]? {
    let inputs = significant(Array(shape.indices), shape)
    let outputs = significant(Array(target.indices), target)
    var groups: [Group] = []
    var i = 0
    var o = 0
    while i < inputs.count || o < outputs.count {
      guard i < inputs.count, o < outputs.count else { return nil }
      var group = Group(inputs: [inputs[i]], outputs: [outputs[o]])
      var left = shape[inputs[i]]
      var right = target[outputs[o]]
      i += 1
      o += 1
      while left != right {
        guard let x = left.evaluated(bounds), let y = right.evaluated(bounds) else { return nil }
        if (x < y || o == outputs.count) && i < inputs.count {
          left = left * shape[inputs[i]]
          group.inputs.append(inputs[i])
          i += 1
        } else if o < outputs.count {
          right = right * target[outputs[o]]
          group.outputs.append(outputs[o])
          o += 1
        } else {
          break
        }
      }
      groups.append(group)
    }
    return groups
  }

  /// A transpose between two orders of one shape, with neighbouring axes that move together merged.
  struct Movement: Equatable {
    /// Sizes of the merged axes as they lie in the source.
    var source: [Dimension]
    /// Position in the source of each merged axis of the destination.
    var permutation: [Int]
    var destination: [Dimension] { permutation.map { source[$0] } }
  }

  /// The merged transpose that turns `from` into `to`.
  static func movement(from: [Int], to: [Int], _ shape: [Dimension]) -> Movement {
    let source = significant(from, shape)
    var place: [Int: Int] = [:]
    for (position, axis) in source.enumerated() { place[axis] = position }
    var runs: [[Int]] = []
    for axis in significant(to, shape) {
      let position = place[axis] ?? 0
      if let last = runs.last?.last, position == last + 1 {
        runs[runs.count - 1].append(position)
      } else {
        runs.append([position])
      }
    }
    let sorted = runs.indices.sorted { runs[$0][0] < runs[$1][0] }
    let sizes = sorted.map { run in
      runs[run].reduce(Dimension(1)) { $0 * shape[source[$1]] }
    }
    var permutation = [Int](repeating: 0, count: runs.count)
    for (position, run) in sorted.enumerated() { permutation[run] = position }
    return Movement(source: sizes, permutation: permutation)
  }
}
