import CEdgeHost

/// A cloud as the scanner sees it: one pixel a direction; the keys `range.*`.
///
/// `column = (1 - yaw / pi) / 2 * W`, `row = (up - pitch) / (up - down) * H`, cut to the image; of
/// several points in a pixel the nearest is seen (Milioto et al. 2019, RangeNet++). Channels are x, y,
/// z, intensity and range, `(value - mean) / std`; pixels without a return are 0.
struct RangeImage: Sendable {
  private static let channels = 5

  /// Pitch of the image's top and bottom edge, in degrees.
  let up, down: Double
  /// Subtracted and divided by, one value a channel.
  let mean, std: [Float]

  init(_ metadata: MetadataReader) throws(SampleError) {
    up = try metadata.number("range.up", default: 3, in: -90...90)
    down = try metadata.number("range.down", default: -25, in: -90...90)
    let zeros = [Double](repeating: 0, count: Self.channels)
    mean = try metadata.numbers("range.mean", default: zeros).map { Float($0) }
    std = try metadata.divisors("range.std", default: zeros.map { _ in 1 }).map { Float($0) }
    guard up > down, mean.count == Self.channels, std.count == Self.channels else {
      throw SampleError(
        "the model's metadata 'range.*' does not fit together: range.up is above range.down, "
          + "range.mean and range.std have 5 values: convert the model again with a right `edgeconv "
          + "convert --preprocess FILE.json`")
    }
  }

  func tensors(
    from cloud: PointCloud, for inputs: [InputDescription]
  ) throws(SampleError) -> (tensors: [SampleTensor], placement: PointPlacement) {
    guard inputs.count == 1, inputs[0].shape.count == 4, inputs[0].shape[1] == Self.channels,
      inputs[0].shape[0] == 1 || inputs[0].isDynamic(0)
    else {
      throw SampleError(
        "a range image is one input [1, 5, H, W]; the model has others: convert it again with a "
          + "right `edgeconv convert --preprocess FILE.json`")
    }
    let (rows, columns) = (inputs[0].shape[2], inputs[0].shape[3])
    let cells = cells(of: cloud, rows: rows, columns: columns)
    let plane = rows * columns
    var nearest = [Int](repeating: -1, count: plane)
    for (index, cell) in cells.enumerated() where cell >= 0 {
      let other = nearest[Int(cell)]
      if other < 0 || cloud.points[index].range < cloud.points[other].range {
        nearest[Int(cell)] = index
      }
    }
    var values = [Float](repeating: 0, count: Self.channels * plane)
    for cell in 0..<plane where nearest[cell] >= 0 {
      let point = cloud.points[nearest[cell]]
      let channels = [point.x, point.y, point.z, point.intensity, point.range]
      for (channel, value) in channels.enumerated() {
        values[channel * plane + cell] = (value - mean[channel]) / std[channel]
      }
    }
    let tensor = SampleTensor(shape: [1, Self.channels, rows, columns], floats: values)
    return ([tensor], PointPlacement(rows: rows, columns: columns, cells: cells))
  }

  /// The pixel of every point: that of a scanner's image of this size, else by direction.
  private func cells(of cloud: PointCloud, rows: Int, columns: Int) -> [Int32] {
    if let grid = cloud.grid, grid == (rows, columns) {
      return cloud.points.indices.map { cloud.points[$0].isReturn ? Int32($0) : -1 }
    }
    return cloud.points.map { point in
      guard point.isReturn else { return -1 }
      let (x, y, z) = (Double(point.x), Double(point.y), Double(point.z))
      let yaw = edge_cli_atan2(y, x)
      let pitch = edge_cli_atan2(z, (x * x + y * y).squareRoot()) * 180 / Double.pi
      let column = 0.5 * (1 - yaw / Double.pi) * Double(columns)
      let row = (up - pitch) / (up - down) * Double(rows)
      return Int32(Self.index(row, below: rows) * columns + Self.index(column, below: columns))
    }
  }

  private static func index(_ position: Double, below count: Int) -> Int {
    position > 0 ? min(Int(position), count - 1) : 0
  }
}
