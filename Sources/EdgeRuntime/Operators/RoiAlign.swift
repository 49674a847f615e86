import CEdgeKernels
import EdgeFormat

/// `roiAlign` (float): x `[N, H, W, C]`, regions `[R, 4]`, images `[R]` (int32 or int64) → y `[R, OH,
/// OW, C]`.
///
/// Throws `outOfRange` for an image that is not there.
enum RoiAlign {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 3, required: 3)
    try node.expectParameters(RoiAlignParameters.self)
    let x = node.input(0), regions = node.input(1), images = node.input(2), y = node.output()
    let parameters = node.parameters(as: RoiAlignParameters.self)
    try node.expectImage(x)
    try node.expectImage(y)
    for tensor in [x, regions, y] { try node.expectFloat(tensor) }
    try node.expectIndices(images)
    try node.expectRank(regions, 2)
    try node.expectRank(images, 1)
    try node.expectEqual(regions, y, axes: 0..<1)
    try node.expectEqual(images, y, axes: 0..<1)
    try node.require(regions.dims[1] == 4, "a region has four coordinates")
    try node.expectEqual(x, y, axes: 3..<4)
    for tensor in [x, y] {
      for axis in 1...2 {
        try node.expect(
          tensor.dims[axis], in: 0...WindowAxis.limit, "an axis has %0 elements, not %1 to %2")
      }
    }
    try node.require(x.count > 0 || y.count == 0, "an image without elements is sampled")
    try node.expect(
      Int(parameters.samples), in: 0...WindowAxis.limit, "%0 samples, not %1 to %2")
  }

  static func run(_ node: NodeView, _ context: RunContext) throws(EdgeError) {
    let x = node.input(0), y = node.output()
    guard y.count > 0 else { return }
    let images = IndexList(node.input(2), of: node)
    for region in 0..<y.dims[0] { _ = try images.place(region, on: x.dims[0]) }
    context.split(node, units: y.dims[0], elements: y.count &* 16) { pointer, part in
      let node = pointer.load(as: NodeView.self)
      let x = node.input(0), y = node.output()
      let images = IndexList(node.input(2), of: node)
      var align = RoiAlign.describe(node)
      for region in part.begin..<part.end {
        guard let image = try? images.place(region, on: x.dims[0]) else { continue }
        edge_roi_align_f32(
          &align, x.float + image &* x.count(1..<4), node.input(1).float + region &* 4,
          y.float + region &* y.count(1..<4))
      }
    }
  }

  private static func describe(_ node: NodeView) -> edge_roi_align {
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: RoiAlignParameters.self)
    var align = edge_roi_align()
    align.in_h = Int32(truncatingIfNeeded: x.dims[1])
    align.in_w = Int32(truncatingIfNeeded: x.dims[2])
    align.channels = Int32(truncatingIfNeeded: x.dims[3])
    align.out_h = Int32(truncatingIfNeeded: y.dims[1])
    align.out_w = Int32(truncatingIfNeeded: y.dims[2])
    align.samples = parameters.samples
    align.is_max = parameters.isMax
    align.scale = parameters.scale
    align.offset = parameters.offset
    return align
  }
}
