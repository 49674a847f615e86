import CEdgeKernels
import EdgeFormat

/// `pad`: x with `before` elements in front of each axis and the rest of y's shape behind;
/// constant, or mirrored (`reflect`, the border once), repeated (`edge`) or periodic (`wrap`)
/// values.
///
/// Any type.
enum Pad {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    try node.expectParameters(PadParameters.self)
    let x = node.input(0), y = node.output()
    try node.require(x.type == y.type, "pad keeps the type")
    try node.expectRank(y, x.rank)
    let parameters = node.parameters(as: PadParameters.self)
    guard let mode = PadMode(rawValue: parameters.mode) else {
      throw node.corrupt("pad has no mode %0", Int(parameters.mode))
    }
    for axis in 0..<x.rank {
      let before = axisValue(parameters.before, axis)
      guard before >= 0, before + x.dims[axis] <= y.dims[axis] else {
        throw node.corrupt(
          "axis %0 of %1 elements, padded by %2, does not fit %3", axis, x.dims[axis], before,
          y.dims[axis])
      }
    }
    try node.require(
      mode == .constant || x.count > 0 || y.count == 0, "only constants can pad what is empty")
  }

  /// y seen as rows over the last padded axis, `block` being what lies below one index of it.
  private struct Job {
    var x: TensorView
    var y: TensorView
    var parameters: PadParameters
    var mode: PadMode
    var axis: Int
    var block: Int
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let x = node.input(0), y = node.output()
    let parameters = node.parameters(as: PadParameters.self)
    guard y.count > 0, let mode = PadMode(rawValue: parameters.mode) else { return }
    var axis = max(0, y.rank &- 1)
    while axis > 0, x.dims[axis] == y.dims[axis] { axis &-= 1 }
    let job = Job(
      x: x, y: y, parameters: parameters, mode: mode, axis: axis,
      block: y.count(min(axis &+ 1, y.rank)..<y.rank))
    context.split(job, units: y.count(0..<min(axis, y.rank)), elements: y.count) { pointer, part in
      let job = pointer.load(as: Job.self)
      for row in part.begin..<part.end { Pad.fill(job, row) }
    }
  }

  private static func fill(_ job: Job, _ row: Int) {
    let blockBytes = job.block &* job.y.type.byteCount
    let size = job.x.dims[job.axis], total = job.y.dims[job.axis]
    let target = job.y.data + row &* total &* blockBytes
    guard let source = sourceRow(job, row) else {
      return fillConstant(job, target, total &* job.block)
    }
    let from = job.x.data + source &* size &* blockBytes
    let before = axisValue(job.parameters.before, job.axis)
    (target + before &* blockBytes).copyMemory(from: from, byteCount: size &* blockBytes)
    let rest = total &- before &- size
    if job.mode == .constant {
      fillConstant(job, target, before &* job.block)
      fillConstant(job, target + (before &+ size) &* blockBytes, rest &* job.block)
      return
    }
    for position in 0..<before {
      let block = mirrored(position &- before, size, job.mode)
      (target + position &* blockBytes)
        .copyMemory(from: from + block &* blockBytes, byteCount: blockBytes)
    }
    for position in (before &+ size)..<total {
      let block = mirrored(position &- before, size, job.mode)
      (target + position &* blockBytes)
        .copyMemory(from: from + block &* blockBytes, byteCount: blockBytes)
    }
  }

  /// The row of x that a row of y is made from; nil when it is all padding.
  private static func sourceRow(_ job: Job, _ row: Int) -> Int? {
    var rest = row, scale = 1, source = 0
    var axis = job.axis
    while axis > 0 {
      axis &-= 1
      let size = job.x.dims[axis]
      var index = rest % job.y.dims[axis] &- axisValue(job.parameters.before, axis)
      rest /= job.y.dims[axis]
      if index < 0 || index >= size {
        if job.mode == .constant { return nil }
        index = mirrored(index, size, job.mode)
      }
      source &+= index &* scale
      scale &*= size
    }
    return source
  }

  /// The index inside 0..<size that stands in for one outside.
  private static func mirrored(_ index: Int, _ size: Int, _ mode: PadMode) -> Int {
    switch mode {
    case .constant, .edge: return max(0, min(size &- 1, index))
    case .wrap:
      let rest = index % size
      return rest < 0 ? rest &+ size : rest
    case .reflect:
      guard size > 1 else { return 0 }
      let period = 2 &* (size &- 1)
      let rest = index % period
      let phase = rest < 0 ? rest &+ period : rest
      return phase < size ? phase : period &- phase
    }
  }

  private static func fillConstant(_ job: Job, _ target: UnsafeMutableRawPointer, _ count: Int) {
    let value = Int64(job.parameters.value)
    withUnsafePointer(to: value) {
      edge_fill(target, Int64(count), Int32(truncatingIfNeeded: job.y.type.byteCount), $0)
    }
  }
}
