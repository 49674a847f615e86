import EdgeFormat

extension Lowering {
  /// Where a slice begins and how it steps, per axis of the value.
  struct Selection {
    var start: [Int]
    var step: [Int]

    init(rank: Int) {
      start = Array(repeating: 0, count: rank)
      step = Array(repeating: 1, count: rank)
    }
  }

  /// Slice with constant bounds; the extent is that of the inferred output.
  static func slice(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let shape = try lowering.shape(of: source)
    let starts = try lowering.integers(node, 1, "starts")
    let axes = try lowering.integers(node, 3, "axes") ?? Array(0..<(starts?.count ?? 0))
    let steps = try lowering.integers(node, 4, "steps") ?? Array(repeating: 1, count: axes.count)
    guard let starts, starts.count == axes.count, steps.count == axes.count else {
      throw ConversionError.invalid("node '\(node.name)' (Slice) has lists of different lengths")
    }
    var selection = Selection(rank: shape.count)
    for (index, raw) in axes.enumerated() {
      let axis = try EdgeConvert.axis(raw, rank: shape.count, node)
      selection.step[axis] = steps[index]
      selection.start[axis] = try lowering.start(node, starts[index], steps[index], shape[axis])
    }
    try lowering.select(source, selection, target: lowering.output(node))
  }

  /// A constant list of integers, from an input or (old opsets) an attribute.
  private func integers(_ node: Node, _ index: Int, _ attribute: String) throws -> [Int]? {
    if let list = node.ints(attribute) { return list }
    guard node.input(index) != nil else { return nil }
    return try graph.integers(node, index, attribute)
  }

  private func start(_ node: Node, _ start: Int, _ step: Int, _ size: Dimension) throws -> Int {
    guard let count = size.constant else {
      if start <= -1 || (start >= 0 && step > 0) { return start }
      throw unsupported(
        node, "start \(start) with step \(step) on an axis of run-time size \(size)",
        remedy: "a positive step, or a start counted from the end")
    }
    let absolute = start < 0 ? start + count : start
    return step > 0 ? min(max(absolute, 0), count) : min(max(absolute, 0), count - 1)
  }

  /// Emits a slice of a value in whatever order it is stored; nothing when it selects everything.
  mutating func select(_ source: ValueID, _ selection: Selection, target: ValueID) throws {
    let x = try operand(source, moved(source))
    let full = try shape(of: source) == shape(of: target)
    if full && selection.start.allSatisfy({ $0 == 0 }) && selection.step.allSatisfy({ $0 == 1 }) {
      define(target, as: x)
      return
    }
    let y = try result(like: x.tensor, target, order: x.order)
    emitSlice(x.tensor, y.tensor, x.order.map { (selection.start[$0], selection.step[$0]) })
    define(target, as: y)
  }

  /// Appends a slice node; one start and step for each stored axis.
  mutating func emitSlice(_ x: PlanTensorID, _ y: PlanTensorID, _ axes: [(start: Int, step: Int)]) {
    var parameters = SliceParameters()
    withUnsafeMutableBytes(of: &parameters) { bytes in
      for (axis, range) in axes.enumerated() {
        bytes.storeBytes(of: Int32(clamping: range.start), toByteOffset: axis * 4, as: Int32.self)
        bytes.storeBytes(
          of: Int32(clamping: range.step), toByteOffset: 32 + axis * 4, as: Int32.self)
      }
    }
    emit(.slice, [x], [y], parameters)
  }

  /// Split: one slice for each output.
  static func split(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let shape = try lowering.shape(of: source)
    let axis = try EdgeConvert.axis(node.int("axis", 0), rank: shape.count, node)
    var start = 0
    for (index, output) in node.outputs.enumerated() {
      guard let output else {
        throw lowering.unsupported(
          node, "output \(index) is not named", remedy: "name every output of Split")
      }
      guard let count = try lowering.shape(of: output)[axis].constant else {
        throw lowering.unsupported(
          node, "output \(index) has a run-time size", remedy: "constant sizes of the parts")
      }
      var selection = Selection(rank: shape.count)
      selection.start[axis] = start
      if lowering.consumers[output] != nil || lowering.outputs.contains(output) {
        try lowering.select(source, selection, target: output)
      }
      start += count
    }
  }
}
