import EdgeFormat

/// The plan under construction: the tensors and nodes that the runtime will see, built by the
/// `lower` rules of the operators, one graph node after the other.
///
/// A rule is one of the static functions `Lowering.<operator>`, all of the type `(Node, inout
/// Lowering) throws -> Void`: `convolution`, `gemm`, `matmul`, `maxPool`, `averagePool`,
/// `globalPool`, `unary` (every function of one element, Clip included), `parametricRelu`,
/// `binary`, `variadic` (Sum, Mean, Max, Min), `reshape` (also Flatten, Squeeze, Unsqueeze,
/// Identity), `transpose`, `concat`, `split`, `slice`, `gather`, `pad`, `resize`,
/// `reduce`, `softmax`, `cast`, `expand`, `stft`.
///
/// A rule asks for its operands with `operand`, in the representation and axis order that its
/// kernel wants (what is missing is inserted once and shared), makes results with `result`, appends
/// nodes with `emit`, and ties results to the graph's values with `define`.
public struct Lowering: Sendable {
  let graph: Graph
  let quantization: Quantization
  var tensors: [PlanTensor] = []
  var nodes: [PlanNode] = []
  /// Every stored form of a value; the first is what its producer wrote.
  var forms: [ValueID: [Stored]] = [:]
  /// Position in `graph.nodes` of the node being lowered.
  var position = 0
  /// Positions that an earlier node has lowered along with itself.
  var absorbed: Set<Int> = []
  /// Positions of the nodes that read each value.
  let consumers: [ValueID: [Int]]
  let outputs: Set<ValueID>

  /// Where the nodes being appended run.
  var part = PlanPart.trunk
  /// What stands for the output in the tails of exits.
  var answers: [PlanTensorID] = []
  /// What bypasses give, and the results of blocks that it stands for.
  var bypasses: [(made: PlanTensorID, result: PlanTensorID)] = []
  /// Stored forms of values as they were before a head, and what the head's own nodes compute.
  private var outside: (forms: [ValueID: [Stored]], own: Set<ValueID>)?

  /// Where the graph's states lie, in their order.
  var states: [StoredState] = []
  /// Position of the state that a concatenation's result is, by the result.
  var appends: [ValueID: Int] = [:]

  /// Run-time sizes and their bounds.
  let sizes: RuntimeSizes

  /// An empty plan.
  /// - Parameters:
  ///   - graph: canonical, with every shape inferred.
  ///   - quantization: precision of every node, parameters of values.
  ///   - sizes: bounds of the symbols in the graph's shapes.
  init(graph: Graph, quantization: Quantization, sizes: RuntimeSizes) {
    self.graph = graph
    self.quantization = quantization
    self.sizes = sizes
    var consumers: [ValueID: [Int]] = [:]
    for (position, node) in graph.nodes.enumerated() {
      for case let input? in node.inputs { consumers[input, default: []].append(position) }
    }
    self.consumers = consumers
    outputs = Set(graph.results)
  }

  /// The arithmetic decided for the node being lowered.
  var precision: Precision { quantization.precision[position] }

  /// The scales decided for the weights of the node being lowered.
  var weightScales: [Float]? { quantization.weightScales[position] }

  subscript(id: PlanTensorID) -> PlanTensor { tensors[id.index] }

  // MARK: Tensors

  /// Adds a tensor.
  mutating func add(_ tensor: PlanTensor) -> PlanTensorID {
    tensors.append(tensor)
    return PlanTensorID(index: tensors.count - 1)
  }

  /// A new arena tensor for a value: float, or int8 when parameters are given.
  /// - Parameters:
  ///   - value: gives the name and the sizes.
  ///   - affine: parameters of an int8 tensor.
  ///   - type: element type when it is not quantized.
  ///   - order: the value's axis at each stored position; nil is the value's own order.
  mutating func result(
    _ value: ValueID, affine: AffineParameters? = nil, type: ElementType = .float32,
    order: [Int]? = nil
  ) throws -> Stored {
    let shape = try self.shape(of: value)
    let order = order ?? Array(shape.indices)
    let tensor = PlanTensor(
      name: graph[value].name, type: affine == nil ? type : .int8, dims: order.map { shape[$0] },
      affine: affine, storage: .arena)
    return Stored(add(tensor), order: order)
  }

  /// The same storage under other sizes, or for elements of another type of equal size: no node.
  mutating func view(
    _ tensor: PlanTensorID, dims: [Dimension], type: ElementType? = nil
  ) -> PlanTensorID {
    var copy = tensors[tensor.index]
    if copy.dims == dims, copy.type == type ?? copy.type { return tensor }
    copy.type = type ?? copy.type
    copy.alias = copy.alias ?? tensor
    copy.bytes = []
    copy.dims = dims
    return add(copy)
  }

  /// A tensor of the weight section.
  mutating func constant(_ bytes: [UInt8], type: ElementType, dims: [Int], name: String)
    -> PlanTensorID
  {
    add(
      PlanTensor(
        name: name, type: type, dims: dims.map { Dimension($0) }, affine: nil, storage: .weights,
        bytes: bytes))
  }

  /// A tensor of the weight section from values of its element type.
  mutating func constant<Element: BitwiseCopyable>(
    _ elements: [Element], type: ElementType, dims: [Int]? = nil, name: String
  ) -> PlanTensorID {
    constant(
      elements.withUnsafeBytes { Array($0) }, type: type, dims: dims ?? [elements.count], name: name
    )
  }

  // MARK: Nodes

  /// Appends a node of the operator being lowered.
  mutating func emit<Parameters: BitwiseCopyable>(
    _ opCode: OpCode, _ inputs: [PlanTensorID?], _ outputs: [PlanTensorID], _ parameters: Parameters
  ) {
    // A type without fields has no bytes, and its address means nothing.
    let bytes =
      MemoryLayout<Parameters>.size == 0 ? [] : withUnsafeBytes(of: parameters) { Array($0) }
    append(opCode, inputs, outputs, bytes)
  }

  /// Appends a node without parameters.
  mutating func emit(_ opCode: OpCode, _ inputs: [PlanTensorID?], _ outputs: [PlanTensorID]) {
    append(opCode, inputs, outputs, [])
  }

  private mutating func append(
    _ opCode: OpCode, _ inputs: [PlanTensorID?], _ outputs: [PlanTensorID], _ parameters: [UInt8]
  ) {
    let name = graph.nodes.indices.contains(position) ? graph.nodes[position].name : "output"
    nodes.append(
      PlanNode(
        opCode: opCode, inputs: inputs, outputs: outputs, parameters: parameters, name: name,
        part: part)
    )
  }

  // MARK: Values

  /// Goes on with another part of the plan.
  ///
  /// What a head has made of values of the trunk is not there at full depth, nor what a tail or a bypass has made, and what a
  /// block has made is not there when it is skipped: the trunk makes its own.
  mutating func enter(_ next: PlanPart, own: Set<ValueID>) {
    if next == part {
      outside?.own.formUnion(own)
      return
    }
    if let outside {
      let kept = forms.filter { outside.own.contains($0.key) && outside.forms[$0.key] == nil }
      forms = outside.forms.merging(kept) { before, _ in before }
    }
    part = next
    outside = next == .trunk ? nil : (forms, own)
  }

  /// Says where a value of the graph is stored.
  mutating func define(_ value: ValueID, as stored: Stored) {
    forms[value, default: []].append(stored)
  }

  /// The value's sizes in ONNX order.
  /// - Throws: `ConversionError.invalid` when inference has not found them.
  func shape(of value: ValueID) throws -> [Dimension] {
    guard let shape = graph[value].shape else {
      throw ConversionError.invalid(
        "value '\(graph[value].name)' has no inferred shape; lowering needs every shape")
    }
    return shape
  }

  /// The only reader of a value that is no output of the model, or nil.
  func soleConsumer(of value: ValueID) -> Int? {
    guard !outputs.contains(value), let readers = consumers[value], readers.count == 1 else {
      return nil
    }
    return readers[0]
  }
}
