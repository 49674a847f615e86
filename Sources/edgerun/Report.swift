import EdgeFormat

/// What one run reports.
struct Report {
  var nanoseconds: UInt64
  /// 1-based; 0 when it ran to the end.
  var exitTaken = 0
  var blocksSkipped = 0
  var isBudgetMet = true
  /// Tokens that the last elimination kept; 0 of a model without one.
  var tokensKept = 0
}

/// How runs are made: what `edgert_run_options` says.
struct RunLimits {
  var budgetNanoseconds: UInt64 = 0
  /// 0: those of the file.
  var exitThreshold: Float = 0
  /// An `EDGERT_EXIT_*`; 0: that of the file.
  var criterion: Int32 = 0
  /// 0: none.
  var maxExit: Int32 = 0
  var isFullDepth = false
  /// 0: the model's.
  var tokenKeep: Float = 0
  /// 0: as many as the model says; -1: none.
  var skippedBlocks: Int32 = 0
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
