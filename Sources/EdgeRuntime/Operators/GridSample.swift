import CEdgeKernels
import EdgeFormat

/// `gridSample` (float): x `[N, H, W, C]` or `[N, D, H, W, C]`, grid `[N, out..., 2 or 3]` → y `[N,
/// out..., C]`.
///
/// Coordinates are data: those outside of an image give what the padding says, NaN that of a place
/// far outside.
enum GridSample {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(GridSampleParameters.self)
    let x = node.input(0), grid = node.input(1), y = node.output()
    let parameters = node.parameters(as: GridSampleParameters.self)
    for tensor in [x, grid, y] { try node.expectFloat(tensor) }
    try node.expect(x.rank, in: 4...5, "an image has %0 axes, not %1 or %2")
    try node.expectRank(grid, x.rank)
    try node.expectRank(y, x.rank)
    try node.expectEqual(x, y, axes: 0..<1)
    try node.expectEqual(grid, y, axes: 0..<(x.rank - 1))
    try node.expectEqual(x, y, axes: (x.rank - 1)..<x.rank)
    try node.require(grid.fromLast(0) == x.rank - 2, "a place has a coordinate for each axis")
    for axis in 1..<(x.rank - 1) {
      try node.expect(
        x.dims[axis], in: 0...Int(EDGE_SAMPLE_LIMIT), "an axis has %0 elements, not %1 to %2")
      try node.require(x.dims[axis] > 0 || y.count == 0, "an image without elements is sampled")
    }
    try node.expect(Int(parameters.mode), in: 0...2, "there is no sampling mode %0")
    try node.expect(Int(parameters.padding), in: 0...2, "there is no sampling padding %0")
    try node.expect(Int(parameters.coordinates), in: 0...2, "there are no coordinates %0")
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    let points = y.count(0..<(y.rank &- 1)), channels = y.fromLast(0)
    context.split(node, units: points, elements: points &* (channels &+ 16) &* 4) {
      pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output()
      let parameters = node.parameters(as: GridSampleParameters.self)
      var sample = edge_grid_sample()
      sample.rank = Int32(truncatingIfNeeded: x.rank &- 2)
      let isFlat = x.rank == 4
      sample.size = (
        isFlat ? 1 : Int32(truncatingIfNeeded: x.dims[1]),
        Int32(truncatingIfNeeded: x.dims[x.rank &- 3]),
        Int32(truncatingIfNeeded: x.dims[x.rank &- 2])
      )
      sample.channels = Int32(truncatingIfNeeded: x.fromLast(0))
      sample.points = Int64(y.count(1..<(y.rank &- 1)))
      sample.mode = parameters.mode
      sample.padding = parameters.padding
      sample.coordinates = parameters.coordinates
      edge_grid_sample_f32(
        &sample, x.float, node.input(1).float, y.float, Int64(part.begin), Int64(part.end))
    }
  }
}
