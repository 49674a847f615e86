import Foundation

/// How near one output of the converted model comes to the float reference, over all samples.
public struct OutputComparison: Codable, Sendable {
  public var name: String
  /// Signal to noise ratio, in dB; nil when the two are equal.
  public var sqnr: Double?
  public var maxDifference: Double
  /// Extent of the reference's values.
  public var low: Double
  public var high: Double
  /// Samples whose largest element is the same one, where the output is one vector of scores.
  public var agreement: Proportion?
}

/// Streams pairs of outputs into an `OutputComparison`.
public struct OutputAccumulator: Sendable {
  private let name: String
  private var signal = 0.0
  private var noise = 0.0
  private var largest = 0.0
  private var low = Double.infinity
  private var high = -Double.infinity
  private var votes = 0
  private var samples = 0
  private var isVector = true

  public init(name: String) { self.name = name }

  /// Adds one sample: the reference and what the converted model gave, element for element.
  /// - Returns: the positions of their largest elements, when the output is one vector.
  @discardableResult
  public mutating func add(_ reference: [Float], _ found: [Float], shape: [Int]) -> (
    reference: Int, found: Int
  )? {
    for (a, b) in zip(reference, found) {
      let x = Double(a)
      let difference = x - Double(b)
      guard difference.isFinite else { continue }
      signal += x * x
      noise += difference * difference
      largest = Swift.max(largest, abs(difference))
      low = Swift.min(low, x)
      high = Swift.max(high, x)
    }
    samples += 1
    isVector = isVector && shape.count { $0 != 1 } == 1
    guard isVector, let a = OutputAccumulator.argmax(reference),
      let b = OutputAccumulator.argmax(found)
    else { return nil }
    if a == b { votes += 1 }
    return (a, b)
  }

  /// What was found so far.
  public var comparison: OutputComparison {
    OutputComparison(
      name: name, sqnr: noise > 0 ? 10 * log10(signal / noise) : nil, maxDifference: largest,
      low: low <= high ? low : 0, high: low <= high ? high : 0,
      agreement: isVector && samples > 0 ? Proportion(votes, of: samples) : nil)
  }

  private static func argmax(_ values: [Float]) -> Int? {
    values.indices.max { values[$0] < values[$1] || (values[$0] == values[$1] && $0 > $1) }
  }
}

/// Accuracy of the converted model against the float reference on one data set.
public struct AccuracyComparison: Codable, Sendable {
  public var samples: Int
  public var outputs: [OutputComparison]
  /// Correct answers of the first output, over the samples that have a label.
  public var reference: Proportion?
  public var converted: Proportion?
  public var difference: PairedDifference?
}
