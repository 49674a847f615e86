/// Which output is a vector that stands for the input: the key `embedding.output`.
public struct EmbeddingRule: Sendable {
  /// Its name; empty: the model's first.
  let output: [String]

  init(_ metadata: MetadataReader) {
    output = metadata.words("embedding.output")
  }

  /// The vector in a run's outputs.
  public func vector(_ outputs: [ModelOutput]) throws(SampleError) -> [Float] {
    let chosen = try outputs.named(output, by: "embedding.output")
    return chosen.first?.values ?? []
  }

  /// The cosine of the angle between two vectors; 0 when one has no length.
  public static func similarity(_ a: [Float], _ b: [Float]) -> Double {
    var (product, first, second) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      product += Double(x) * Double(y)
      first += Double(x) * Double(x)
      second += Double(y) * Double(y)
    }
    let lengths = (first * second).squareRoot()
    return lengths > 0 ? product / lengths : 0
  }
}
