/// One output of a run, as float32.
public struct ModelOutput: Sendable {
  /// The output's name in the model.
  public let name: String
  /// Extents of this run, outermost first.
  public let shape: [Int]
  /// Row-major values.
  public let values: [Float]

  /// Creates an output; `values` must have as many elements as `shape` implies.
  public init(name: String, shape: [Int], values: [Float]) {
    precondition(values.count == shape.reduce(1, *))
    self.name = name
    self.shape = shape
    self.values = values
  }
}

extension [ModelOutput] {
  /// The outputs with the given names in their order, or all when none is named.
  ///
  /// - Throws: an error naming the metadata key and the output that is missing.
  func named(_ names: [String], by key: String) throws(SampleError) -> [ModelOutput] {
    if names.isEmpty { return self }
    var chosen: [ModelOutput] = []
    for name in names {
      guard let output = first(where: { Text.equal($0.name, name) }) else {
        throw SampleError(
          "the model's metadata '" + key + "' names the output '" + name
            + "', which the model has not: convert the model again with a right `edgeconv convert "
            + "--preprocess FILE.json`")
      }
      chosen.append(output)
    }
    return chosen
  }
}
