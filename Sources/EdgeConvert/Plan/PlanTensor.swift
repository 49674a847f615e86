import EdgeFormat

/// Index of a tensor in the plan under construction.
struct PlanTensorID: Hashable, Sendable, Comparable {
  let index: Int
  static func < (a: PlanTensorID, b: PlanTensorID) -> Bool { a.index < b.index }
}

/// One tensor of the plan: what becomes a `TensorRecord`, with its size still symbolic.
struct PlanTensor: Sendable {
  var name: String
  var type: ElementType
  /// Sizes of the stored axes, outermost first.
  var dims: [Dimension]
  /// Meaning of an int8 tensor; nil when it is not quantized.
  var affine: AffineParameters?
  var storage: Storage
  /// Content of a tensor in the weight section, little-endian.
  var bytes: [UInt8] = []
  /// The tensor whose storage this one shows under other sizes; never itself an alias.
  var alias: PlanTensorID?
}

/// One node of the plan.
struct PlanNode: Sendable {
  var opCode: OpCode
  var inputs: [PlanTensorID?]
  var outputs: [PlanTensorID]
  /// The parameter record of the operator, as it lies in memory.
  var parameters: [UInt8]
  /// Name of the ONNX node that it comes from.
  var name: String
  /// When it runs.
  var part = PlanPart.trunk
}

/// A tensor of the plan that holds a value of the graph: stored axis `i` is axis `order[i]` of the
/// value.
struct Stored: Sendable, Hashable {
  var tensor: PlanTensorID
  var order: [Int]

  /// - Parameters:
  ///   - tensor: where the elements are.
  ///   - order: the value's axis at each stored position.
  init(_ tensor: PlanTensorID, order: [Int]) {
    self.tensor = tensor
    self.order = order
  }
}

/// The form of the elements that an operator asks for.
enum Representation: Sendable, Hashable {
  /// Float32, dequantized when needed.
  case float
  /// Int8 with these parameters, quantized or requantized when needed.
  case int8(AffineParameters)
  /// Elements of a type that is not quantized, cast when needed.
  case type(ElementType)
  /// As the value happens to be.
  case native
}
