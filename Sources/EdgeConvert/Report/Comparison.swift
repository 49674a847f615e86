import Foundation

/// How near one output of the converted model comes to the float reference, over all samples.
public struct OutputComparison: Codable, Sendable {
  public var name: String
  /// Signal to noise ratio, in dB; nil when the two are equal, minus infinity where one is not a
  /// number and the other is.
  public var sqnr: Double?
  public var maxDifference: Double
  /// Extent of the reference's values.
  public var low: Double
  public var high: Double
  /// Samples whose largest element is the same one, where the output is one vector of scores.
  public var agreement: Proportion?
  /// Elements that are equal, where the output holds integers or bools.
  public var equality: Proportion?
}

/// How far two numbers lie apart that should be equal.
///
/// 0 for two NaNs and for equal infinities; infinite where only one of them is a NaN or an infinity,
/// so that such an element is never taken for agreement.
func distance(_ reference: Double, _ found: Double) -> Double {
  if reference == found || (reference.isNaN && found.isNaN) { return 0 }
  let difference = abs(reference - found)
  return difference.isNaN ? .infinity : difference
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
  private var elements = 0
  private var equalElements: Int?

  public init(name: String) { self.name = name }

  /// Adds one sample: the reference and what the converted model gave, element for element.
  /// - Returns: the positions of their largest elements, when the output is one vector of scores.
  @discardableResult
  public mutating func add(_ reference: Tensor, _ found: Tensor) -> (reference: Int, found: Int)? {
    samples += 1
    if case .integer(let a) = reference.elements, case .integer(let b) = found.elements {
      isVector = false
      elements += a.count
      equalElements = (equalElements ?? 0) + zip(a, b).count { $0 == $1 }
      add(zip(a, b).lazy.map { (Double($0), Double($1)) })
      return nil
    }
    let (a, b) = (reference.floats, found.floats)
    add(zip(a, b).lazy.map { (Double($0), Double($1)) })
    isVector = isVector && reference.shape.count { $0 != 1 } == 1
    guard isVector, let a = OutputAccumulator.argmax(a), let b = OutputAccumulator.argmax(b)
    else { return nil }
    if a == b { votes += 1 }
    return (a, b)
  }

  private mutating func add(_ pairs: some Sequence<(Double, Double)>) {
    for (x, y) in pairs {
      let difference = distance(x, y)
      noise += difference * difference
      largest = Swift.max(largest, difference)
      guard x.isFinite else { continue }
      signal += x * x
      low = Swift.min(low, x)
      high = Swift.max(high, x)
    }
  }

  /// What was found so far.
  public var comparison: OutputComparison {
    OutputComparison(
      name: name, sqnr: noise > 0 ? 10 * log10(signal / noise) : nil, maxDifference: largest,
      low: low <= high ? low : 0, high: low <= high ? high : 0,
      agreement: isVector && samples > 0 ? Proportion(votes, of: samples) : nil,
      equality: equalElements.map { Proportion($0, of: elements) })
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
