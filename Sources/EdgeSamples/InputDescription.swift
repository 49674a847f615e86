import EdgeFormat

/// What a model says of one of its inputs; mirrors `edgert_tensor_info`.
public struct InputDescription: Sendable {
  /// The input's name in the model.
  public let name: String
  /// Type of its elements.
  public let elementType: ElementType
  /// Whether integers stand for scaled reals; float32 is then accepted too and quantized by the
  /// runtime.
  public let isQuantized: Bool
  /// Extents; upper bounds on dynamic axes.
  public let shape: [Int]
  /// Bit i set: axis i may be smaller than `shape[i]`.
  public let dynamicAxes: UInt32

  /// Creates a description from its parts.
  public init(
    name: String, elementType: ElementType, isQuantized: Bool, shape: [Int], dynamicAxes: UInt32 = 0
  ) {
    self.name = name
    self.elementType = elementType
    self.isQuantized = isQuantized
    self.shape = shape
    self.dynamicAxes = dynamicAxes
  }

  /// Whether an axis may be smaller than its bound.
  public func isDynamic(_ axis: Int) -> Bool { dynamicAxes >> UInt32(axis) & 1 == 1 }

  /// Largest number of elements.
  public var elementCount: Int { shape.reduce(1, *) }

  /// Turns `tensor` into one this input takes: leading axes of extent 1 may be missing or too many,
  /// and values are converted when every one of them fits the input's type.
  ///
  /// - Throws: an error that names both shapes or both types; `source` says where the tensor came
  ///   from.
  func accepting(_ tensor: SampleTensor, from source: String) throws(SampleError) -> SampleTensor {
    guard let shape = matchingShape(tensor.shape) else {
      throw SampleError(
        source + " has shape " + Text.shape(tensor.shape) + ", the model's input '" + name
          + "' wants "
          + boundText + ": write the array in that shape")
    }
    let fits = tensor.reshaped(shape)
    if tensor.elementType == elementType || (isQuantized && tensor.elementType == .float32) {
      return fits
    }
    if isQuantized {
      if let floats = fits.converted(to: .float32), tensor.elementType == .float16 { return floats }
    } else if let converted = fits.converted(to: elementType) {
      return converted
    }
    throw SampleError(
      source + " holds " + tensor.elementType.name + " values that do not all fit "
        + elementType.name + ", the type of the model's input '" + name
        + "': convert the array, for example with array.astype(numpy." + elementType.name + ")")
  }

  /// The shape as messages show it, `<=` before dynamic bounds.
  var boundText: String {
    var text = "["
    for axis in shape.indices {
      if axis > 0 { text += ", " }
      if isDynamic(axis) { text += "<=" }
      text += String(shape[axis])
    }
    return text + "]"
  }

  private func matchingShape(_ given: [Int]) -> [Int]? {
    var dims = given
    while dims.count > shape.count, dims.first == 1 { dims.removeFirst() }
    while dims.count < shape.count { dims.insert(1, at: 0) }
    guard dims.count == shape.count else { return nil }
    for axis in dims.indices {
      let isSmaller = isDynamic(axis) && dims[axis] > 0 && dims[axis] < shape[axis]
      guard dims[axis] == shape[axis] || isSmaller else { return nil }
    }
    return dims
  }
}
