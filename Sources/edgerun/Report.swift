import EdgeFormat

/// What one run reports.
struct Report {
  var nanoseconds: UInt64
  /// 1-based; 0 when it ran to the end.
  var exitTaken = 0
  var blocksSkipped = 0
  var isBudgetMet = true
}

/// The time of one node over several runs.
struct NodeTime {
  let name: String
  let op: String
  let kernel: String
  let calls: UInt64
  let nanoseconds: UInt64
}

/// What a model gives; the shape is an upper bound.
struct OutputDescription {
  let name: String
  let elementType: ElementType
  let shape: [Int]

  /// Bytes at the bounds.
  var byteCount: Int { shape.reduce(elementType.byteCount, *) }

  /// The number of classes when the shape is `[1, C]` or the like; nil for another shape.
  var classCount: Int? {
    let count = shape.reduce(1, *)
    let largest = shape.max() ?? 0
    return count == largest && count >= 2 ? count : nil
  }
}
