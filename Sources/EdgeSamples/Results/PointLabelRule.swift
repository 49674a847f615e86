/// From scores on a map to a class for every point: `point-labels.*`.
public struct PointLabelRule: Sendable {
  /// The output `[1, K, H, W]` that holds the scores; empty: the model's first.
  let output: [String]
  /// Classes that no point gets.
  let ignored: [Int]
  /// What a `.label` file holds for every class; empty: its index.
  let ids: [UInt32]

  init(_ metadata: MetadataReader) throws(SampleError) {
    output = metadata.words("point-labels.output")
    ignored = try metadata.numbers("point-labels.ignore", default: []).map { Int($0) }
    let ids = try metadata.numbers("point-labels.ids", default: [])
    guard ids.allSatisfy({ $0 >= 0 && $0 <= 65_535 }) else {
      throw metadata.meaningless("point-labels.ids", metadata.text("point-labels.ids", default: ""))
    }
    self.ids = ids.map { UInt32($0) }
  }

  /// The class of every point, that of its place on the map; nil for a point outside.
  ///
  /// The map may be coarser than the placement.
  ///
  /// - Throws: an error when the output has another shape.
  public func classes(
    in outputs: [ModelOutput], placement: PointPlacement
  ) throws(SampleError) -> [Int?] {
    let chosen = try outputs.named(output, by: "point-labels.output")
    guard let map = chosen.first, map.shape.count == 4, map.shape[0] == 1, map.shape[2] > 0,
      map.shape[3] > 0
    else {
      throw SampleError(
        "the model's scores of points are not [1, K, H, W]: convert the model again with a right "
          + "`edgeconv convert --preprocess FILE.json`")
    }
    let (rows, columns) = (map.shape[2], map.shape[3])
    let classes = (0..<(rows * columns)).map { best(map, at: $0, plane: rows * columns) }
    return placement.cells.map { cell in
      guard cell >= 0 else { return nil }
      let row = Int(cell) / placement.columns * rows / placement.rows
      let column = Int(cell) % placement.columns * columns / placement.columns
      return classes[row * columns + column]
    }
  }

  /// The bytes of a SemanticKITTI `.label` file: one 32-bit number a point, 0 for a point outside.
  public func labelFile(_ classes: [Int?]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(classes.count * 4)
    for index in classes {
      let id = index.map { $0 < ids.count ? ids[$0] : ids.isEmpty ? UInt32($0) : 0 } ?? 0
      for shift in [UInt32(0), 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: id >> shift)) }
    }
    return bytes
  }

  private func best(_ map: ModelOutput, at place: Int, plane: Int) -> Int? {
    var best: Int?
    for index in 0..<map.shape[1] where !ignored.contains(index) {
      if let current = best {
        if map.values[index * plane + place] > map.values[current * plane + place] { best = index }
      } else {
        best = index
      }
    }
    return best
  }
}
