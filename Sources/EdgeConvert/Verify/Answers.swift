import EdgeFormat
import Foundation

extension Tensor {
  /// The class at every place: the largest element along axis 1 of an image, else along the last.
  var classes: [Int] {
    let axis = shape.count == 4 ? 1 : shape.count - 1
    let count = axis < 0 ? 1 : shape[axis]
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    let values = floats
    guard count > 0 else { return [] }
    return (0..<values.count / count).map { place in
      let start = place / inner * inner * count + place % inner
      return (1..<count).reduce(0) {
        values[start + $1 * inner] > values[start + $0 * inner] ? $1 : $0
      }
    }
  }

  /// The share of places where both have the same class.
  func agreement(with other: Tensor) -> Double {
    let (own, theirs) = (classes, other.classes)
    return Double(zip(own, theirs).count { $0 == $1 }) / Double(max(theirs.count, 1))
  }
}

/// Cosine of the angle between two vectors.
func cosine(_ a: [Float], _ b: [Float]) -> Double {
  var (dot, aa, bb) = (0.0, 1e-30, 1e-30)
  for (x, y) in zip(a, b) {
    dot += Double(x) * Double(y)
    aa += Double(x) * Double(x)
    bb += Double(y) * Double(y)
  }
  return dot / (aa * bb).squareRoot()
}

/// Probabilities of scores.
func softmax(_ scores: [Float]) -> [Float] {
  let most = scores.max() ?? 0
  let powers = scores.map { expf($0 - most) }
  let sum = powers.reduce(0, +)
  return powers.map { $0 / sum }
}
