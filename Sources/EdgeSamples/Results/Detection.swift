/// A rectangle; the unit is the user's, y grows downwards.
public struct Box: Sendable {
  /// Left, top, right and bottom edge.
  public var left, top, right, bottom: Double

  /// The share of the common area in the area that both cover, 0...1.
  func overlap(_ other: Box) -> Double {
    let width = max(0, min(right, other.right) - max(left, other.left))
    let height = max(0, min(bottom, other.bottom) - max(top, other.top))
    let common = width * height
    return common / (area + other.area - common + 1e-12)
  }

  private var area: Double { (right - left) * (bottom - top) }

  init(left: Double, top: Double, right: Double, bottom: Double) {
    self.left = left
    self.top = top
    self.right = right
    self.bottom = bottom
  }

  /// A box from its middle and its extents.
  init(center: (Double, Double), size: (Double, Double)) {
    self.init(
      left: center.0 - size.0 / 2, top: center.1 - size.1 / 2, right: center.0 + size.0 / 2,
      bottom: center.1 + size.1 / 2)
  }
}

/// An object found in a picture.
public struct Detection: Sendable {
  /// Where; edges in pixels of the picture, or in shares of the model's input while decoding.
  public let box: Box
  /// 0...1, as the model gives it.
  public let score: Double
  /// Index of its class.
  public let classIndex: Int
}

extension [Detection] {
  /// Non-maximum suppression within each class: the best stay, best first, those that overlap a
  /// better one by more than `threshold` go.
  ///
  /// Equal scores stay in their order. O(n * kept).
  func suppressed(overlap threshold: Double) -> [Detection] {
    var kept: [Detection] = []
    for candidate in sorted(by: { $0.score > $1.score }) {
      let isCovered = kept.contains {
        $0.classIndex == candidate.classIndex && $0.box.overlap(candidate.box) > threshold
      }
      if !isCovered { kept.append(candidate) }
    }
    return kept
  }
}
