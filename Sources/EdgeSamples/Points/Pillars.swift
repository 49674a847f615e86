import EdgeFormat

/// A cloud as columns of points on a grid seen from above: the keys `pillars.*`.
///
/// The fullest cells become pillars, in the order of their place `row * columns + column` (rows along
/// y), each with its first points in the cloud's order; unused pillars and points are zeros, and an
/// unused pillar's place is the one after the grid's last. Features of a point: x, y, z, intensity,
/// the offset from the mean of the pillar's kept points (x, y, z), the offset from the cell's centre
/// (x, y), each divided by `std` (Lang et al. 2019, PointPillars, arXiv:1812.05784).
struct Pillars: Sendable {
  private static let featureCount = 9
  private static let maximumCells = 1 << 24

  /// The lowest x, y, z inside, and the lowest outside, in metres.
  let low, high: [Float]
  /// Side of a cell in metres.
  let cell: Float
  let std: [Float]

  private var columns: Int { Int(((high[0] - low[0]) / cell).rounded()) }
  private var rows: Int { Int(((high[1] - low[1]) / cell).rounded()) }

  init(_ metadata: MetadataReader) throws(SampleError) {
    low = try metadata.numbers("pillars.low", default: [-32, -32, -4]).map { Float($0) }
    high = try metadata.numbers("pillars.high", default: [32, 32, 2]).map { Float($0) }
    cell = Float(try metadata.number("pillars.cell", default: 0.5, in: 1e-3...1e3))
    let ones = [Double](repeating: 1, count: Self.featureCount)
    std = try metadata.divisors("pillars.std", default: ones).map { Float($0) }
    guard low.count == 3, high.count == 3, zip(low, high).allSatisfy({ $0 < $1 && $1 - $0 < 1e5 }),
      std.count == Self.featureCount, rows > 0, columns > 0, rows * columns <= Self.maximumCells
    else {
      throw SampleError(
        "the model's metadata 'pillars.*' does not fit together: pillars.low lies below "
          + "pillars.high, both have 3 values, pillars.std has 9, and the grid has at most 2^24 "
          + "cells: convert the model again with a right `edgeconv convert --preprocess FILE.json`")
    }
  }

  func tensors(
    from cloud: PointCloud, for inputs: [InputDescription]
  ) throws(SampleError) -> (tensors: [SampleTensor], placement: PointPlacement) {
    guard let input = inputs.first(where: { $0.elementType.isFloat || $0.isQuantized }),
      input.shape.count == 3, input.shape[2] == Self.featureCount,
      inputs.allSatisfy({
        $0.name.utf8.elementsEqual(input.name.utf8) || takesPlaces($0, of: input)
      })
    else {
      throw SampleError(
        "pillars are an input [pillars, points, 9] of floats and, unless the model has it not, one "
          + "[pillars, 1] of integers for their places; the model has others: convert it again with "
          + "a right `edgeconv convert --preprocess FILE.json`")
    }
    let cells = cloud.points.map { place(of: $0) }
    let chosen = fullest(cells, count: input.shape[0])
    let count = input.isDynamic(0) ? max(1, chosen.count) : input.shape[0]
    let features = features(of: chosen, in: cloud, cells, shape: [count] + input.shape[1...])
    let unused = [Int64](repeating: Int64(rows * columns), count: count - chosen.count)
    let places = SampleTensor(
      elementType: .int64, shape: [count, 1],
      bytes: (chosen.map { Int64($0) } + unused).withUnsafeBytes { [UInt8]($0) })
    return (
      inputs.map { $0.elementType.isFloat || $0.isQuantized ? features : places },
      PointPlacement(rows: rows, columns: columns, cells: cells)
    )
  }

  private func takesPlaces(_ other: InputDescription, of input: InputDescription) -> Bool {
    !other.elementType.isFloat && !other.isQuantized && other.elementCount == input.shape[0]
  }

  /// The cell of a point, or -1.
  private func place(of point: PointCloud.Point) -> Int32 {
    guard point.isReturn, point.x >= low[0], point.x < high[0], point.y >= low[1],
      point.y < high[1], point.z >= low[2], point.z < high[2]
    else { return -1 }
    let column = min(Int((point.x - low[0]) / cell), columns - 1)
    let row = min(Int((point.y - low[1]) / cell), rows - 1)
    return Int32(row * columns + column)
  }

  /// The `count` cells with the most points, of equal ones those with the lower places; in the order
  /// of their places.
  private func fullest(_ cells: [Int32], count: Int) -> [Int32] {
    var counts = [Int32](repeating: 0, count: rows * columns)
    for cell in cells where cell >= 0 { counts[Int(cell)] += 1 }
    let used = (0..<Int32(counts.count)).filter { counts[Int($0)] > 0 }
    guard used.count > count else { return used }
    let ordered = used.sorted {
      let (a, b) = (counts[Int($0)], counts[Int($1)])
      return a > b || (a == b && $0 < $1)
    }
    return ordered.prefix(count).sorted()
  }

  /// The features `[pillars, points, 9]` of the chosen cells.
  private func features(
    of chosen: [Int32], in cloud: PointCloud, _ cells: [Int32], shape: [Int]
  ) -> SampleTensor {
    var pillarOfCell = [Int32](repeating: -1, count: rows * columns)
    for (pillar, cell) in chosen.enumerated() { pillarOfCell[Int(cell)] = Int32(pillar) }
    var kept = [[PointCloud.Point]](repeating: [], count: chosen.count)
    for (index, cell) in cells.enumerated() where cell >= 0 {
      let pillar = Int(pillarOfCell[Int(cell)])
      if pillar >= 0, kept[pillar].count < shape[1] { kept[pillar].append(cloud.points[index]) }
    }
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    for (pillar, points) in kept.enumerated() {
      let share = Float(points.count)
      let x = points.reduce(Float(0)) { $0 + $1.x } / share
      let y = points.reduce(Float(0)) { $0 + $1.y } / share
      let z = points.reduce(Float(0)) { $0 + $1.z } / share
      let centerX = (Float(Int(chosen[pillar]) % columns) + 0.5) * cell + low[0]
      let centerY = (Float(Int(chosen[pillar]) / columns) + 0.5) * cell + low[1]
      for (place, point) in points.enumerated() {
        let features = [
          point.x, point.y, point.z, point.intensity, point.x - x, point.y - y, point.z - z,
          point.x - centerX, point.y - centerY,
        ]
        let first = (pillar * shape[1] + place) * Self.featureCount
        for (index, feature) in features.enumerated() {
          values[first + index] = feature / std[index]
        }
      }
    }
    return SampleTensor(shape: shape, floats: values)
  }
}
