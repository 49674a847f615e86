import EdgeFormat

/// Index of a tensor in the plan under construction.
public struct PlanTensorID: Hashable, Sendable, Comparable {
  public let index: Int
  public static func < (a: PlanTensorID, b: PlanTensorID) -> Bool { a.index < b.index }
}

/// One tensor of the plan: what becomes a `TensorRecord`, with its size still symbolic.
public struct PlanTensor: Sendable {
  public var name: String
  public var type: ElementType
  /// Sizes of the stored axes, outermost first.
  public var dims: [Dimension]
  /// Meaning of an int8 tensor; nil when it is not quantized.
  public var affine: AffineParameters?
  public var storage: Storage
  /// Content of a tensor in the weight section, little-endian.
  public var bytes: [UInt8] = []
  /// The tensor whose storage this one shows under other sizes; never itself an alias.
  public var alias: PlanTensorID?
}

/// One node of the plan.
public struct PlanNode: Sendable {
  public var opCode: OpCode
  public var inputs: [PlanTensorID?]
  public var outputs: [PlanTensorID]
  /// The parameter record of the operator, as it lies in memory.
  public var parameters: [UInt8]
  /// Name of the ONNX node that it comes from.
  public var name: String
}

/// A tensor of the plan that holds a value of the graph: stored axis `i` is axis `order[i]` of the value.
public struct Stored: Sendable, Hashable {
  public var tensor: PlanTensorID
  public var order: [Int]

  /// - Parameters:
  ///   - tensor: where the elements are.
  ///   - order: the value's axis at each stored position.
  public init(_ tensor: PlanTensorID, order: [Int]) {
    self.tensor = tensor
    self.order = order
  }
}

/// The form of the elements that an operator asks for.
public enum Representation: Sendable, Hashable {
  /// Float32, dequantized when needed.
  case float
  /// Int8 with these parameters, quantized or requantized when needed.
  case int8(AffineParameters)
  /// As the value happens to be.
  case native
}
