/// The steps in which a constant's maker has quantized it: every element is a whole multiple of a
/// scale.
public struct Grid: Sendable, Equatable {
  /// One for all elements, or one for each index of `axis`.
  public var scales: [Float]
  public var axis: Int
  /// The int8 code of 0 where there is one scale.
  public var zeroPoint: Int32

  /// The parameters of the whole constant; nil where scales differ.
  var affine: AffineParameters? {
    scales.count == 1 ? AffineParameters(scale: scales[0], zeroPoint: zeroPoint) : nil
  }

  /// The scale of each of `count` channels along an axis; nil where scales vary along another.
  func scales(along axis: Int, count: Int) -> [Float]? {
    if scales.count == 1 { return Array(repeating: scales[0], count: count) }
    return axis == self.axis && scales.count == count ? scales : nil
  }

  /// The grid of what a node that only moves elements makes of a constant; nil when it is lost.
  init?(moving node: Node, _ source: Value, to shape: [Int]) {
    guard let grid = source.grid, let before = source.constant?.shape else { return nil }
    self = grid
    switch node.op {
    case "Identity", "Cast": return
    case "Transpose":
      guard let order = try? Operator.permutation(node, rank: before.count) else { return nil }
      axis = order.firstIndex(of: axis) ?? axis
    case "Reshape", "Flatten", "Squeeze", "Unsqueeze":
      guard scales.count > 1 else { return }
      let leading = before.prefix(axis).reduce(1, *)
      let place = shape.indices.first {
        shape.prefix($0).reduce(1, *) == leading && shape[$0] == scales.count
      }
      guard let place else { return nil }
      axis = place
    case "Slice", "Split", "Gather", "Expand", "Tile":
      if scales.count > 1 { return nil }
    default: return nil
    }
  }

  /// A grid with these steps.
  init(scales: [Float], axis: Int = 0, zeroPoint: Int32 = 0) {
    self.scales = scales
    self.axis = axis
    self.zeroPoint = zeroPoint
  }
}
