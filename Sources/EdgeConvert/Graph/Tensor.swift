import EdgeFormat

/// A dense, row-major value on the workstation: a weight, a folded constant, a calibration
/// activation.
///
/// Floats of every width are held as `Float`; integers and bools as `Int64`. `type` says what they
/// are in ONNX.
public struct Tensor: Sendable, Equatable {
  /// The two kinds of storage.
  public enum Elements: Sendable, Equatable {
    case float([Float])
    case integer([Int64])
  }

  public var type: ElementType
  public var shape: [Int]
  public var elements: Elements

  /// A float tensor; `values` holds the product of `shape` elements.
  public init(_ values: [Float], shape: [Int], type: ElementType = .float32) {
    self.type = type
    self.shape = shape
    elements = .float(values)
  }

  /// An integer or bool tensor.
  public init(_ values: [Int64], shape: [Int], type: ElementType = .int64) {
    self.type = type
    self.shape = shape
    elements = .integer(values)
  }

  /// Number of elements: the product of the shape, 1 for a scalar.
  public var count: Int { shape.reduce(1, *) }

  /// Elements of either kind.
  init(_ elements: Elements, shape: [Int], type: ElementType) {
    self.type = type
    self.shape = shape
    self.elements = elements
  }

  /// The elements as floats, whatever their type.
  public var floats: [Float] {
    switch elements {
    case .float(let values): values
    case .integer(let values): values.map(Float.init)
    }
  }

  /// The elements as integers; floats are truncated toward zero, to the nearest that fits, NaN to
  /// 0.
  public var integers: [Int64] {
    switch elements {
    case .float(let values): values.map { Int64(clamping: Double($0)) }
    case .integer(let values): values
    }
  }
}

extension Tensor {
  /// The one number that every element is; nil when they differ or there is none.
  var uniform: Elements? {
    switch elements {
    case .float(let values):
      guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
      return .float([first])
    case .integer(let values):
      guard let first = values.first, values.allSatisfy({ $0 == first }) else { return nil }
      return .integer([first])
    }
  }
}

extension Int64 {
  /// The nearest integer of a float result that fits; 0 for NaN.
  init(clamping value: Double) {
    self = value.isNaN ? 0 : Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max)
  }
}
