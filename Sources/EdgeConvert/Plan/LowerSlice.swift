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

  /// Slice; the extent is that of the inferred output.
  ///
  /// The beginning of a constant, as long as a run-time size says, is no node; a start that is a
  /// run-time size becomes `gather`.
  static func slice(_ node: Node, _ lowering: inout Lowering) throws {
    let source = try lowering.input(node, 0)
    let target = try lowering.output(node)
    let shape = try lowering.shape(of: source)
    let form = try SliceForm(node, lowering.graph)
    var selection = Selection(rank: shape.count)
    selection.step = form.steps
    for axis in shape.indices {
      if let start = form.starts[axis].constant {
        selection.start[axis] = start
      } else if let end = (form.starts[axis] - shape[axis]).constant, end < 0 {
        selection.start[axis] = end
      } else {
        return try lowering.gatherRange(node, source, form, axis, target)
      }
    }
    if let prefix = try lowering.prefix(source, selection, form.shape) {
      return lowering.define(target, as: prefix)
    }
    try lowering.select(source, selection, target: target)
  }

  /// The beginning of a constant along one axis, of run-time length: the constant itself under a
  /// smaller size.
  private mutating func prefix(_ source: ValueID, _ selection: Selection, _ shape: [Dimension])
    throws -> Stored?
  {
    let full = try self.shape(of: source)
    let cut = shape.indices.filter { shape[$0] != full[$0] }
    guard graph[source].constant != nil, cut.count == 1, shape[cut[0]].constant == nil,
      selection.start.allSatisfy({ $0 == 0 }), selection.step.allSatisfy({ $0 == 1 }),
      let size = full[cut[0]].constant,
      try sizes.bound(of: shape[cut[0]], in: graph[source].name) <= size
    else { return nil }
    let order = cut + shape.indices.filter { $0 != cut[0] }
    let stored = try operand(source, .native, order: order)
    return Stored(view(stored.tensor, dims: order.map { shape[$0] }), order: order)
  }

  /// A slice that begins at a run-time size on one axis and takes the others whole.
  private mutating func gatherRange(
    _ node: Node, _ source: ValueID, _ form: SliceForm, _ axis: Int, _ target: ValueID
  ) throws {
    let shape = try self.shape(of: source)
    guard shape.indices.allSatisfy({ $0 == axis || form.shape[$0] == shape[$0] }) else {
      throw unsupported(
        node, "starts at the run-time size \(form.starts[axis]) and cuts other axes too",
        remedy: "one Slice an axis")
    }
    let indices = try numbers(
      form.shape[axis], from: form.starts[axis], step: form.steps[axis],
      name: graph[target].name + "/indices")
    let x = try operand(source, moved(source))
    let y = try result(like: x.tensor, target, order: x.order)
    var parameters = GatherParameters()
    parameters.axis = Int32(x.order.firstIndex(of: axis) ?? axis)
    emit(.gather, [x.tensor, indices], [y.tensor], parameters)
    define(target, as: y)
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
