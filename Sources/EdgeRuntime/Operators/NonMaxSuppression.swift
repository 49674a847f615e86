import EdgeFormat

/// `nonMaxSuppression` (float): boxes `[B, N, 4]`, scores `[B, C, N]` → chosen (int64 `[count, 3]`):
/// batch, class and box, by falling score within each class.
///
/// A box is left out when its score is not above the threshold, or when it overlaps one that is
/// chosen by more than the threshold (area of intersection over area of union).
enum NonMaxSuppression {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    try node.expectParameters(NonMaxSuppressionParameters.self)
    let boxes = node.input(0), scores = node.input(1), y = node.output()
    try node.expectFloat(boxes)
    try node.expectFloat(scores)
    try node.expectRank(boxes, 3)
    try node.expectRank(scores, 3)
    try node.require(
      boxes.dims[0] == scores.dims[0] && boxes.dims[1] == scores.dims[2] && boxes.dims[2] == 4,
      "boxes and scores do not fit")
    try node.expect(boxes.dims[1], in: 0...Int(Int32.max), "there are %0 boxes, not %1...%2")
    try node.require(y.type == .int64, "indices are int64")
    try node.expectRank(y, 2)
    let most = Int(node.parameters(as: NonMaxSuppressionParameters.self).mostBoxes)
    try node.require(
      y.dims[1] == 3 && most >= 0
        && y.dims[0] >= scores.count(0..<2) * min(most, boxes.dims[1]),
      "there is no room for every box")
  }

  static func workspaceBytes(_ node: NodeView) -> Int {
    node.input(0).dims[1] &* MemoryLayout<Int32>.stride
  }

  /// - Returns: how many boxes are chosen.
  static func run(_ node: NodeView, _ context: RunContext) -> Int {
    let classes = node.input(1).dims[1]
    var suppression = Suppression(node, context)
    for group in 0..<node.input(1).count(0..<2) {
      suppression.choose(batch: group / classes, class: group % classes)
    }
    return suppression.count
  }
}

/// The choice of one batch and class after the other.
private struct Suppression {
  private let boxes: TensorView
  private let scores: TensorView
  private let chosen: UnsafeMutablePointer<Int64>
  private let items: UnsafeMutablePointer<Int32>
  private let parameters: NonMaxSuppressionParameters
  private(set) var count = 0

  init(_ node: NodeView, _ context: RunContext) {
    boxes = node.input(0)
    scores = node.input(1)
    chosen = node.output().int64
    items = context.scratchBase.assumingMemoryBound(to: Int32.self)
    parameters = node.parameters(as: NonMaxSuppressionParameters.self)
  }

  mutating func choose(batch: Int, class group: Int) {
    let size = boxes.dims[1]
    let base = (batch &* scores.dims[1] &+ group) &* size
    let order = RowOrder(scores, base: base, isDescending: true)
    var heap = IndexHeap(items, order: order, isReversed: false)
    for box in 0..<size where scores.float[base &+ box] > parameters.scoreThreshold {
      heap.add(box)
    }
    let first = count
    while heap.count > 0, count &- first < Int(parameters.mostBoxes) {
      let box = heap.pop()
      guard !isSuppressed(batch &* size, box, by: first) else { continue }
      chosen[3 &* count] = Int64(batch)
      chosen[3 &* count &+ 1] = Int64(group)
      chosen[3 &* count &+ 2] = Int64(box)
      count &+= 1
    }
  }

  /// Whether a box overlaps one of those chosen from the index `first` on.
  private func isSuppressed(_ base: Int, _ box: Int, by first: Int) -> Bool {
    let mine = corners(base &+ box)
    for other in first..<count {
      let theirs = corners(base &+ Int(chosen[3 &* other &+ 2]))
      let width = min(mine.right, theirs.right) - max(mine.left, theirs.left)
      let height = min(mine.bottom, theirs.bottom) - max(mine.top, theirs.top)
      guard width > 0, height > 0 else { continue }
      let both = width * height
      if both / (mine.area + theirs.area - both) > parameters.overlapThreshold { return true }
    }
    return false
  }

  private struct Corners {
    var left: Float
    var top: Float
    var right: Float
    var bottom: Float
    var area: Float { (right - left) * (bottom - top) }
  }

  private func corners(_ box: Int) -> Corners {
    let at = boxes.float + 4 &* box
    if parameters.isCentered != 0 {
      let halfWidth = at[2] / 2, halfHeight = at[3] / 2
      return Corners(
        left: at[0] - halfWidth, top: at[1] - halfHeight, right: at[0] + halfWidth,
        bottom: at[1] + halfHeight)
    }
    return Corners(
      left: min(at[1], at[3]), top: min(at[0], at[2]), right: max(at[1], at[3]),
      bottom: max(at[0], at[2]))
  }
}
